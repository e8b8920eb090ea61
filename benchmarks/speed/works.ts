import { clientWork, eventParserWork } from "./client-works.ts";
import { insertWork, publishBatchWork, publishWork } from "./publish-works.ts";
import type { Work } from "./work-type.ts";

/** Work by its name on the command line: how the results name it, and what begins it, in a folder of its own. */
export const works = {
  insert: { label: "raw inserts", begin: (folder: string) => insertWork(folder, 1) },
  "insert-16": { label: "raw inserts", begin: (folder: string) => insertWork(folder, 16) },
  "insert-100": { label: "raw inserts", begin: (folder: string) => insertWork(folder, 100) },
  publish: { label: "Tidings, SQLite log", begin: (folder: string) => publishWork(folder, 1) },
  "publish-16-at-once": { label: "Tidings, SQLite log", begin: (folder: string) => publishWork(folder, 16) },
  "publish-batch-of-100": { label: "Tidings, SQLite log", begin: (folder: string) => publishBatchWork(folder, 100) },
  "event-parser": { label: "eventsource-parser, JSON.parse and zod", begin: eventParserWork },
  client: { label: "Tidings, 1 subscription", begin: () => clientWork(1) },
  "client-of-1000": { label: "Tidings, 1,000 subscriptions", begin: () => clientWork(1_000) },
} satisfies Record<string, { readonly label: string; readonly begin: (folder: string) => Promise<Work> }>;

/** The name of work on the command line. */
export type WorkName = keyof typeof works;

import { channel, defineContract } from "@tidings/contract";
import type { HubStats } from "@tidings/server";
import { z } from "zod";

/** What a hub in a process of its own serves. */
export const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });

/** Where its readers read. */
export const LOBBY = "/events?channel=rooms/lobby&protocol=1";

export interface ServedHubOptions {
  /** The file of a SQLite log. @default a log in memory */
  readonly path?: string;
  /** Milliseconds that a publish waits for others who write. */
  readonly patience?: number;
  /** @default any free one */
  readonly port?: number;
  readonly heartbeat?: number;
  readonly drain?: number;
  readonly maxAge?: number;
  readonly ringEntries?: number;
}

/** Events that the process publishes by itself, numbered. */
export interface Flood {
  readonly from: number;
  readonly count: number;
  readonly bytes: number;
}

/** How late its event loop was since it was last asked, in milliseconds: in one of a hundred turns, and at its worst. */
export interface Delay {
  readonly p99: number;
  readonly worst: number;
}

/** What the process says about itself. */
export interface Vitals extends HubStats {
  /** Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** What keeps its event loop busy, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

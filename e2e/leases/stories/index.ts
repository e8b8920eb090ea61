import { closingHubs } from "./closing.ts";
import { comeback } from "./comeback.ts";
import { death } from "./death.ts";
import { ends } from "./ends.ts";
import { holding } from "./holding.ts";
import { logFaults } from "./log-faults.ts";
import { stopStories } from "./stops.ts";
import type { Stories } from "./story.ts";

/** What docs/decisions/leases.md promises, by subject. */
export const stories = {
  "who has a lease": holding,
  "a writer that dies": death,
  "a process that comes back": comeback,
  "a request to stop": stopStories,
  "a hub that closes": closingHubs,
  "a log that fails": logFaults,
  "an address that ends": ends,
} satisfies Readonly<Record<string, Stories>>;

export type { Story } from "./story.ts";
export type Subject = keyof typeof stories;

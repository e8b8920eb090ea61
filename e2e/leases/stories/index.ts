import { closingHubs } from "./closing.ts";
import { comeback } from "./comeback.ts";
import { death } from "./death.ts";
import { ends } from "./ends.ts";
import { holding } from "./holding.ts";
import { logFaults } from "./log-faults.ts";
import { stopStories } from "./stops.ts";
import type { Stories } from "./story.ts";

/** What docs/decisions/leases.md promises. */
export const stories: Stories = {
  ...holding,
  ...death,
  ...comeback,
  ...stopStories,
  ...closingHubs,
  ...logFaults,
  ...ends,
};

/** What is wrong with a story; null if nothing is. */
export async function faultOf(name: string): Promise<unknown> {
  try {
    await stories[name]?.();
    return null;
  } catch (error) {
    return error;
  }
}

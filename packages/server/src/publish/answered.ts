import type { Published } from "./publication.ts";

/**
 * What a log has answered about one entry.
 * @throws Error when it has answered nothing, as only a faulty log does
 */
export function answered(published: Published | undefined): Published {
  if (published !== undefined) return published;
  throw new Error("Expected the log to answer for every entry, got no answer; check the append of the log.");
}

import type { EventLog, Limit, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { pageUpTo } from "./owed.ts";

/**
 * Reads current values. A path is asked for only from its lower bound on: otherwise one path with many hidden values
 * would cost a read for each page of them. So a page ends where the next path begins.
 *
 * @param after where the page before has ended; null for the beginning
 */
export async function readableValues(
  log: Pick<EventLog, "current">,
  paths: readonly string[],
  readableFromByPath: ReadonlyMap<string, number>,
  after: Cursor | null,
  limit: Limit,
): Promise<Page> {
  const seq = after?.seq ?? 0;
  const boundOf = (path: string): number => readableFromByPath.get(path) ?? 0;
  const begun = paths.filter((path) => boundOf(path) <= seq);
  const nextBound = Math.min(...paths.map(boundOf).filter((bound) => bound > seq));
  // A path that is tried alone is read in any case.
  const page = await log.current(begun.length > 0 ? begun : paths, after, limit);
  return pageUpTo(page, nextBound, { seq });
}

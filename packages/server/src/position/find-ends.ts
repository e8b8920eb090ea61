import { isEnd, type Entry, type EventLog, type Limit, type Page } from "@tidings/log";
import type { ReadQueue } from "../runtime/read-queue.ts";

export interface EndNeeds {
  readonly log: Pick<EventLog, "current" | "recent">;
  readonly reads: ReadQueue;
}

/**
 * The ends of the paths that have ended, one for each. They are among the current values. If these are more than a
 * page, each path is looked at alone: there may be any number of values, and nobody has asked for them.
 *
 * @param limit of one read of the log
 * @param gone aborted when nobody waits for them any more
 */
export async function findEnds(
  { log, reads }: EndNeeds,
  paths: readonly string[],
  limit: Limit,
  gone: AbortSignal,
): Promise<readonly Entry[]> {
  if (paths.length === 0) return [];
  const { entries, more } = await reads((_, of) => log.current(of, null, limit), { paths, gone });
  const ends = entries.filter((entry) => isEnd(entry));
  if (!more) return ends;
  const known = new Set(ends.map(({ channel }) => channel));
  for (const path of paths.filter((each) => !known.has(each))) {
    const page = await reads(() => newestOf(log, path), { paths: [path], gone });
    ends.push(...page.entries.filter((entry) => isEnd(entry)));
  }
  return ends;
}

/** The newest reliable event of a path. If the path has ended, it is the end. */
export function newestOf(log: Pick<EventLog, "recent">, path: string): Promise<Page> {
  return log.recent([path], 1);
}

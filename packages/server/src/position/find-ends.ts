import { isEnd, type Entry, type EventLog, type Limit, type Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { ReadQueue } from "../runtime/read-queue.ts";

export interface EndNeeds {
  readonly log: Pick<EventLog, "current" | "recent">;
  readonly reads: ReadQueue;
}

/** After that many pages of values that nobody has asked for, each path is looked at alone. */
const MOST_PAGES = 4;
/** A path with more than this part of the values of a page is looked at alone: it may have any number of them. */
const LARGE_PART = 0.25;

/**
 * The ends of the paths that have ended, one for each. They are among the current values, so one or two pages say it of
 * many paths with few values. Paths with many values are looked at alone: nobody has asked for these values.
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
  const ends: Entry[] = [];
  let after: Cursor | null = null;
  let together = paths;
  for (let pages = 1; together.length > 0; pages++) {
    const position = after;
    const page: Page = await reads((_, of) => log.current(of, position, limit), { paths: together, gone });
    ends.push(...page.entries.filter((entry) => isEnd(entry)));
    const search = searchAfter(together, page, pages);
    for (const path of search.alone) {
      const { entries } = await reads(() => newestOf(log, path), { paths: [path], gone });
      ends.push(...entries.filter((entry) => isEnd(entry)));
    }
    ({ together } = search);
    after = page.next;
  }
  return ends;
}

/** How the search for ends goes on after a page of current values. */
interface EndSearch {
  /** The paths whose values are read on. */
  readonly together: readonly string[];
  /** The paths that are looked at alone now, and not any more after that. */
  readonly alone: readonly string[];
}

/**
 * Many paths with few values cost a few pages, and one path with any number of values costs a page and a look.
 *
 * @param paths whose end is looked for
 * @param page the values that were read last, maybe with those of other paths
 * @param pages how many were read
 */
export function searchAfter(
  paths: readonly string[],
  { entries, more, holes }: Pick<Page, "entries" | "more" | "holes">,
  pages: number,
): EndSearch {
  // After a failover the log may not know the position. It has not looked for the values then.
  const isVoid = holes.length > 0;
  if (!more && !isVoid) return { together: [], alone: [] };
  const ended = new Set(entries.filter((entry) => isEnd(entry)).map(({ channel }) => channel));
  const counts = new Map<string, number>();
  for (const { channel } of entries) counts.set(channel, (counts.get(channel) ?? 0) + 1);
  const isLarge = (path: string): boolean => (counts.get(path) ?? 0) > entries.length * LARGE_PART;
  const open = paths.filter((path) => !ended.has(path));
  const together = open.filter((path) => !isLarge(path));
  // There may be more pages than looks: so many of them are enough.
  const isEnough = isVoid || pages >= Math.min(together.length, MOST_PAGES);
  return isEnough ? { together: [], alone: open } : { together, alone: open.filter(isLarge) };
}

/** The newest reliable event of a path. If the path has ended, it is the end. */
export function newestOf(log: Pick<EventLog, "recent">, path: string): Promise<Page> {
  return log.recent([path], 1);
}

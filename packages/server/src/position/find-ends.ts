import { isEnd, type Entry, type EventLog, type Limit, type Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { ReadQueue } from "../runtime/read-queue.ts";

export interface EndNeeds {
  readonly log: Pick<EventLog, "current">;
  readonly reads: ReadQueue;
}

/**
 * The ends of the paths that have ended, one for each. They are among the current values.
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
  let more = paths.length > 0;
  for (let after: Cursor | null = null; more;) {
    const begin: Cursor | null = after;
    const page: Page = await reads((_, of) => log.current(of, begin, limit), { paths, gone });
    ends.push(...page.entries.filter((entry) => isEnd(entry)));
    ({ next: after, more } = page);
  }
  return ends;
}

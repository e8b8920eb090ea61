import type { Entry, EventLog, Hole, Limit } from "@tidings/log";
import type { Cursor, ParsedRequest } from "@tidings/protocol";
import { owedOf } from "../position/owed.ts";
import type { StartPosition } from "../position/start-position.ts";
import type { TaskQueue } from "../runtime/task-queue.ts";
import { eventJson } from "./event-json.ts";
import type { PageParts } from "./page-parts.ts";

export interface HistoryNeeds {
  readonly log: Pick<EventLog, "recent">;
  readonly reads: TaskQueue;
  readonly pageLimit: Limit;
}

/** How many events a page has that names `before` without `last`. */
const DEFAULT_LAST = 50;
const BEGINNING: Cursor = { epoch: "", seq: 0 };

/** A page of older events: the newest ones before a position, or the newest of all. */
export async function history(
  { log, reads, pageLimit }: HistoryNeeds,
  request: Pick<ParsedRequest, "last" | "before">,
  { fromByPath }: Pick<StartPosition, "fromByPath">,
): Promise<PageParts> {
  const wanted = Math.min(request.last > 0 ? request.last : DEFAULT_LAST, pageLimit.entries);
  const paths = [...fromByPath.keys()];
  /** Nothing up to here may be read. */
  const bottom = Math.min(...fromByPath.values());
  let { before } = request;
  const entries: Entry[] = [];
  const holes: Hole[] = [];
  let cursor: Cursor | null = null;
  let more = true;
  // One read is enough, unless the viewer may not read some paths all the way back: then most of what it brings may be
  // hidden.
  while (more && entries.length < wanted) {
    const position = before ?? undefined;
    const page = await reads(() => log.recent(paths, wanted, position));
    cursor ??= page.next;
    before = page.entries[0] ?? null;
    more = page.more && before !== null && before.seq - 1 > bottom;
    holes.push(...page.holes);
    entries.unshift(...owedOf(page, fromByPath, BEGINNING).entries);
  }
  const newest = newestThatFit(entries, wanted, pageLimit.bytes);
  const events = newest.map((entry) => eventJson(entry));
  return { events, cursor: cursor ?? BEGINNING, more: more || newest.length < entries.length, holes };
}

/** The newest entries, `most` at most, with `bytes` of data at most. One always fits. */
function newestThatFit(entries: readonly Entry[], most: number, bytes: number): readonly Entry[] {
  let size = 0;
  const tooMuch = entries.findLastIndex(({ data }, index) => {
    size += data?.length ?? 0;
    return size > bytes && index < entries.length - 1;
  });
  return entries.slice(Math.max(tooMuch + 1, entries.length - most));
}

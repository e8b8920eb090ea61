import type { Entry, EventLog, Hole, Limit } from "@tidings/log";
import type { Cursor, ParsedRequest } from "@tidings/protocol";
import { checkBounds } from "../position/check-bounds.ts";
import { owedOf } from "../position/owed.ts";
import type { StartPosition } from "../position/start-position.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import { eventJson } from "./event-json.ts";
import { newestThatFit } from "./newest-that-fit.ts";
import type { PageParts } from "./page-parts.ts";

export interface HistoryNeeds {
  readonly log: Pick<EventLog, "recent">;
  readonly reads: ReadQueue;
  readonly pageLimit: Limit;
}

/** How many events a page has that names `before` without `last`. */
const DEFAULT_LAST = 50;
const BEGINNING: Cursor = { epoch: "", seq: 0 };

/**
 * A page of older events: the newest ones before a position, or the newest of all.
 *
 * One read is enough, unless what it brings is hidden from the viewer. Then the read has passed the lower bound of the
 * path of every hidden event, and no later read asks for that path. So there is at most one more read for each path.
 *
 * @param gone aborted when the client is gone
 */
export async function history(
  { log, reads, pageLimit }: HistoryNeeds,
  request: Pick<ParsedRequest, "last" | "before">,
  start: Pick<StartPosition, "fromByPath" | "epoch">,
  gone: AbortSignal,
): Promise<PageParts> {
  const { fromByPath, epoch } = start;
  const wanted = Math.min(request.last > 0 ? request.last : DEFAULT_LAST, pageLimit.entries);
  let paths = [...fromByPath.keys()];
  let { before } = request;
  const entries: Entry[] = [];
  const holes: Hole[] = [];
  let cursor: Cursor | null = null;
  let more = true;
  while (more && entries.length < wanted) {
    const [readPaths, position] = [paths, before ?? undefined];
    const page = await reads((_, of) => log.recent(of, wanted, position), { paths: readPaths, gone });
    cursor ??= page.next;
    checkBounds(start, { epoch, seq: 0 }, page.next);
    before = page.entries[0] ?? null;
    const end = before?.seq ?? 0;
    paths = paths.filter((path) => end - 1 > (fromByPath.get(path) ?? Infinity));
    more = page.more && paths.length > 0;
    holes.push(...page.holes);
    entries.unshift(...owedOf(page, fromByPath, BEGINNING).entries);
  }
  const newest = newestThatFit(entries, wanted, pageLimit.bytes);
  const events = newest.map((entry) => eventJson(entry));
  return { events, cursor: cursor ?? BEGINNING, more: more || newest.length < entries.length, holes };
}

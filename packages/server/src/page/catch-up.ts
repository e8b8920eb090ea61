import type { EventLog, Limit, Page } from "@tidings/log";
import type { Cursor, ParsedRequest } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { findEnds } from "../position/find-ends.ts";
import { comesFirst, owedOf, pageUpTo, voidHoleOf } from "../position/owed.ts";
import { checkBounds } from "../position/check-bounds.ts";
import { rangeOfRead, wholeRange, type ReadRange } from "../position/read-range.ts";
import type { StartPosition } from "../position/start-position.ts";
import { sleep } from "../runtime/sleep.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import type { Follower, Followers } from "../stream/followers.ts";
import type { PartPosition } from "../position/part-cursor.ts";
import type { AnswerRoom } from "../unread/answer-room.ts";
import { currentValues, type CurrentValueNeeds } from "./current-values.ts";
import { eventJson } from "./event-json.ts";
import type { PageParts } from "./page-parts.ts";
import { pageThatFits } from "./page-that-fits.ts";

export interface CatchUpNeeds extends CurrentValueNeeds {
  readonly log: Pick<EventLog, "read" | "recent" | "current">;
  readonly reads: ReadQueue;
  readonly pageLimit: Limit;
  readonly followers: Pick<Followers, "follow" | "unfollow">;
  readonly clock: Clock;
  readonly closing: AbortSignal;
}

/**
 * A page of what comes after a position: current values of new paths first, then events. With `wait` it is a long
 * poll: an empty page is held back until there is something, the time is over, or a right ends.
 *
 * @param part where the page before this one has stopped, if it was in the middle of current values
 * @param room is given back while a long poll waits
 */
export async function catchUp(
  needs: CatchUpNeeds,
  { wait }: Pick<ParsedRequest, "wait">,
  start: StartPosition,
  part: PartPosition | null,
  room: Pick<AnswerRoom, "gone" | "aside">,
): Promise<PageParts> {
  const { gone } = room;
  const { pageLimit } = needs;
  // Before anything is read: the reader counts the wait from its request on.
  const waitEnd = needs.clock.monotonic() + wait * 1_000;
  const paths = [...start.fromByPath.keys()];
  const { newPaths, untoldPaths, holes } = start;
  // They come on one page: there is at most one for each path.
  const ends = (await findEnds(needs, untoldPaths, pageLimit, gone))
    .filter((entry) => comesFirst(entry, start))
    .map((entry) => eventJson(entry, null));
  const valuePaths = part === null ? newPaths : paths;
  // The part does not say which values of a new path have come, so the values of all paths begin again.
  const valuesFrom = part === null || newPaths.length > 0 ? { events: start.cursor } : part;
  const values = await currentValues(needs, start, valuePaths, valuesFrom, pageLimit, gone);
  if (values.next !== null) return { events: [...ends, ...values.events], cursor: values.next, more: true, holes };
  // A reader that has no room for an event asks for the same page again. With values before the event, which come
  // again, it would never get further.
  if (part !== null && values.events.length > 0) {
    return { events: values.events, cursor: part.events, more: true, holes };
  }
  const before: Before = { events: [...ends, ...values.events], remaining: values.remaining };
  return followingEvents(needs, start, before, waitEnd, room);
}

/** What a page has before the events that follow its start. */
interface Before {
  readonly events: PageParts["events"];
  /** How much room they leave. */
  readonly remaining: Limit;
}

/** Reads what follows the start, again and again until `waitEnd`, in running time, or until the page says something. */
async function followingEvents(
  needs: CatchUpNeeds,
  start: StartPosition,
  before: Before,
  waitEnd: number,
  room: Pick<AnswerRoom, "gone" | "aside">,
): Promise<PageParts> {
  const { gone } = room;
  const { followers, clock, closing } = needs;
  const paths = [...start.fromByPath.keys()];
  // A time of day.
  const rightEnd = start.access.end;
  for (let { cursor } = start; ;) {
    const wokenUp = new AbortController();
    const follower: Follower = { stream: null, isQueued: false, wake: () => true, pump: () => wokenUp.abort() };
    // Before the read: whatever comes after the read must wake the page.
    followers.follow(follower, paths);
    try {
      const { after: position, page: read } = await readOwed(needs, start, cursor, before.remaining, gone);
      const page = pageThatFits(read, before.remaining.bytes);
      const owed = owedOf(page, start.fromByPath, position);
      const parts: PageParts = {
        events: [...before.events, ...owed.entries.map((entry) => eventJson(entry))],
        cursor: page.next,
        more: page.more,
        // If a path has both, the last one counts: a start that is void is more than what was trimmed since.
        holes: [...owed.holes, ...start.holes],
      };
      const remaining = Math.min(waitEnd - clock.monotonic(), rightEnd - clock.now());
      if (!isEmpty(parts) || remaining <= 0 || gone.aborted || closing.aborted) return parts;
      cursor = page.next;
      await room.aside(() => sleep(clock, remaining, AbortSignal.any([wokenUp.signal, gone])));
      // The log is about to be closed. The client asks the next server from here.
      if (closing.aborted) return parts;
    } finally {
      followers.unfollow(follower, paths);
    }
  }
}

/** Reads what may be owed after a position. */
async function readOwed(
  { log, reads }: Pick<CatchUpNeeds, "log" | "reads">,
  start: StartPosition,
  position: Cursor,
  limit: Limit,
  gone: AbortSignal,
): Promise<{ readonly after: Cursor; readonly page: Page }> {
  const { fromByPath, epoch } = start;
  const read = ({ after, paths }: ReadRange): Promise<Page> =>
    reads((signal, of) => log.read(after, of, limit, signal), { paths, gone });
  const range = rangeOfRead(fromByPath, epoch, position, limit.entries);
  const page = await read(range);
  if (voidHoleOf(page.holes) === undefined) {
    checkBounds(start, range.after, page.next);
    const part = pageUpTo(page, range.upTo, range.after);
    const isNothing = part.entries.length === 0 && part.holes.length === 0;
    // Nothing comes before the next bound: an empty page would be a round trip for each bound.
    if (isNothing && part.next.seq === range.upTo) return readOwed({ log, reads }, start, part.next, limit, gone);
    return { after: range.after, page: part };
  }
  if (range.after === position) return { after: position, page };
  const whole = await read(wholeRange(fromByPath, position));
  if (voidHoleOf(whole.holes) === undefined) checkBounds(start, position, whole.next);
  return { after: position, page: whole };
}

/** Whether a page says nothing, so that a long poll holds it back. */
export function isEmpty({ events, holes, more }: Pick<PageParts, "events" | "holes" | "more">): boolean {
  return events.length === 0 && holes.length === 0 && !more;
}

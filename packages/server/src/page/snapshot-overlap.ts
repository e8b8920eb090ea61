import type { Entry, EventLog } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { parseReadableFrom } from "../rights/access.ts";
import type { RecentHeads } from "../window/recent-heads.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import { readHead } from "../runtime/read-head.ts";
import { newestThatFit } from "./newest-that-fit.ts";

/** From where on the events of an address come with its state. Both positions are of one epoch. */
export interface SnapshotStart {
  /** A little before the head. */
  readonly start: Cursor;
  /** What the state may lack comes after it, if rows are readable before their events. */
  readonly head: Cursor;
}

/**
 * Finds a position a little before the head. What was published after it is delivered again after the state. So a
 * row that is not readable yet when the state loads is not missed, although its event is older than the state.
 *
 * To be called before the state is loaded.
 *
 * @param readableFrom of the viewer: the position is not before it
 * @param checkWanted called when the turn of a read of the log comes; throws if nobody waits for the position any more
 */
export type FindSnapshotStart = (
  path: string,
  readableFrom: string | null,
  checkWanted: () => void,
) => Promise<SnapshotStart>;

interface SnapshotOverlapNeeds {
  readonly log: Pick<EventLog, "head" | "recent">;
  readonly reads: ReadQueue;
  readonly recentHeads: Pick<RecentHeads, "since">;
  readonly clock: Pick<Clock, "now" | "setTimeout">;
  /** The most bytes that come again of a channel. What does not fit in the page of the state, retention may drop. */
  readonly mostBytes: number;
  /** In milliseconds; 0 for none. */
  readonly overlap: number;
}

/** The most reliable events of a channel that come again after one state. */
export const MOST_EVENTS = 500;
/** So many are read first. Few channels have more in two seconds, and every snapshot pays for what is read. */
const FEW_EVENTS = 30;

/**
 * The time of an entry is that of the log. So what other processes have published counts, and what was published before
 * a restart. A read of the newest entries takes the place of a read of the head. Where even the oldest of them is
 * young, there is a second read.
 */
export function createSnapshotOverlap(needs: SnapshotOverlapNeeds): FindSnapshotStart {
  const { log, reads, recentHeads, clock, mostBytes, overlap } = needs;
  return async (path, readableFrom, checkWanted) => {
    if (overlap === 0) {
      const head = await readHead({ log, clock });
      return { start: head, head };
    }
    // A load is shared, so no client that leaves ends its reads. It has a signal of its own: each read listens to it.
    const { signal: gone } = new AbortController();
    const since = clock.now() - overlap;
    // The clock of the log's machine may be behind. What has come since then is young, whatever its time is.
    const headSince = recentHeads.since(overlap);
    const isYoung = ({ epoch, seq, at }: Entry): boolean =>
      at >= since || (epoch === headSince?.epoch && seq > headSince.seq);
    const readNewest = (most: number) =>
      reads(
        async (_, of) => {
          checkWanted();
          return log.recent(of, most);
        },
        { paths: [path], gone },
      );
    let page = await readNewest(FEW_EVENTS);
    const [first] = page.entries;
    if (page.more && first !== undefined && isYoung(first)) page = await readNewest(MOST_EVENTS);
    const { next: head } = page;
    const entries = newestThatFit(page.entries, MOST_EVENTS, mostBytes);
    // A stream does not come back to an epoch that it has left, so the position must not be before entries of one.
    // Times need not be in order: an append that had to wait has the time of its call. An entry with a time after now
    // counts as young: when the clock goes back, events are repeated, not missed.
    const oldest = entries.find((entry) => entry.epoch === head.epoch && isYoung(entry));
    if (oldest === undefined) return { start: head, head };
    const seq = Math.max(oldest.seq - 1, readableSeq(readableFrom, head));
    return { start: { epoch: head.epoch, seq }, head };
  };
}

/** The `seq` after which a viewer may read. A bound of another epoch is left to the request that goes on from here. */
function readableSeq(readableFrom: string | null, head: Cursor): number {
  const bound = readableFrom === null ? null : parseReadableFrom(readableFrom);
  return bound?.epoch === head.epoch ? Math.min(bound.seq, head.seq) : 0;
}

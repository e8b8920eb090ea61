import type { EventLog, Keep } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { parseReadableFrom } from "../rights/access.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import { READ_TIME } from "../runtime/limits.ts";
import { readHead } from "../runtime/read-head.ts";
import { withTimeLimit } from "../runtime/time-limit.ts";

/** Where a client may go on from after a state that is loaded next. All positions are of one epoch. */
export interface SnapshotStart {
  /** Where it should go on from: a little before the head. */
  readonly start: Cursor;
  /** The last position from which it misses nothing that the state lacks, if rows are readable before their events. */
  readonly head: Cursor;
  /** The `seq` after which there is only half of the entries that retention keeps of the channel, or fewer. */
  readonly keptHalf: number;
}

/**
 * Finds a position a little before the head. What was published in between is delivered again after the state. So a
 * row that is not readable yet when the state loads is not missed, although its event is older than the state.
 *
 * To be called before the state is loaded.
 *
 * @param readableFrom of the viewer: the position is not before it
 */
export type FindSnapshotStart = (path: string, readableFrom: string | null) => Promise<SnapshotStart>;

interface SnapshotOverlapNeeds {
  readonly log: Pick<EventLog, "head" | "recent" | "stat">;
  readonly reads: ReadQueue;
  readonly clock: Pick<Clock, "now" | "setTimeout">;
  /** In milliseconds; 0 for none. */
  readonly overlap: number;
}

/** The most reliable events of a channel that come again after one state. */
const MOST_EVENTS = 500;
/** So many are read first. Few channels have more in two seconds, and every snapshot pays for what is read. */
const FEW_EVENTS = 30;

/** A load is shared, so no client that leaves ends it. */
const NEVER = new AbortController().signal;

/**
 * The time of an entry is that of the log. So what other processes have published counts, and what was published before
 * a restart. A read of the newest entries takes the place of a read of the head. Where even the oldest of them is
 * young, there is a second read.
 */
export function createSnapshotOverlap({ log, reads, clock, overlap }: SnapshotOverlapNeeds): FindSnapshotStart {
  let keep: Keep | null = null;

  /** What the log keeps never changes, so it is asked once. */
  async function readKeep(): Promise<Keep> {
    keep ??= (await withTimeLimit(clock, READ_TIME, () => log.stat())).keep;
    return keep;
  }

  return async (path, readableFrom) => {
    if (overlap === 0) {
      const head = await readHead({ log, clock });
      return { start: head, head, keptHalf: 0 };
    }
    const { entries: mostKept, age } = await readKeep();
    // At most half of what retention keeps. If the position were that of the oldest entry, the next publish could drop
    // that entry before the client comes: then each gap would lead to the next one.
    const half = Math.floor(mostKept / 2);
    const count = Math.min(MOST_EVENTS, half);
    const since = clock.now() - Math.min(overlap, age / 2);
    const readNewest = (most: number) => reads(() => log.recent([path], most), { paths: [path], gone: NEVER });
    let page = await readNewest(Math.min(FEW_EVENTS, count));
    const [first] = page.entries;
    if (page.more && first !== undefined && first.at >= since && count > FEW_EVENTS) page = await readNewest(count);
    const { entries, next: head } = page;
    // A stream does not come back to an epoch that it has left, so the position must not be before entries of one.
    // Times need not be in order: an append that had to wait has the time of its call. An entry with a time after now
    // counts as young: when the clock goes back, events are repeated, not missed.
    const oldest = entries.find(({ epoch, at }) => epoch === head.epoch && at >= since);
    const keptHalf = entries.length < half ? 0 : (entries[0]?.seq ?? head.seq + 1) - 1;
    if (oldest === undefined) return { start: head, head, keptHalf };
    const seq = Math.max(oldest.seq - 1, readableSeq(readableFrom, head));
    return { start: { epoch: head.epoch, seq }, head, keptHalf };
  };
}

/** The `seq` after which a viewer may read. A bound of another epoch is left to the request that goes on from here. */
function readableSeq(readableFrom: string | null, head: Cursor): number {
  const bound = readableFrom === null ? null : parseReadableFrom(readableFrom);
  return bound?.epoch === head.epoch ? Math.min(bound.seq, head.seq) : 0;
}

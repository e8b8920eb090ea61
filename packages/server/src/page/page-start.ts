import type { EventLog, Hole, LogStat } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { ReadQueue } from "../runtime/read-queue.ts";
import type { SnapshotStart } from "./snapshot-overlap.ts";

interface PageStartNeeds {
  readonly log: Pick<EventLog, "read" | "stat">;
  readonly reads: ReadQueue;
}

/**
 * Where a client goes on from after the states of one page: the earliest start of them, but not before the middle
 * between the last entry that retention may have dropped and the end. Otherwise the next publish could drop what the
 * client has not read yet: each gap would lead to the next one.
 *
 * @param starts of the states; with `head`, they are of one epoch
 * @param head of before the states were asked for
 * @param gone aborted when the client is gone
 */
export async function findPageStart(
  { log, reads }: PageStartNeeds,
  starts: readonly SnapshotStart[],
  head: Cursor,
  paths: readonly string[],
  gone: AbortSignal,
): Promise<Cursor> {
  const { epoch } = head;
  // A shared load may have begun earlier. Going on from the earliest position can only repeat events.
  const end = Math.min(head.seq, ...starts.map((each) => each.head.seq));
  const earliest = Math.min(...starts.map(({ start }) => start.seq));
  const first = Math.min(end, Math.max(earliest, ...starts.map(({ keptHalf }) => keptHalf)));
  if (first === end) return { epoch, seq: end };
  // Only what was dropped as far again before the start has its middle after the start.
  const since = { epoch, seq: Math.max(0, 2 * first - end) };
  const purpose = { paths, gone };
  const nothing = { entries: 0, bytes: 0 };
  const { holes } = await reads((signal) => log.read(since, paths, nothing, signal), purpose);
  const stat = await reads(() => log.stat(), purpose);
  const dropped = Math.max(lastHole(holes), lastDroppedForBytes(stat));
  const middle = Math.ceil((dropped + end) / 2);
  return { epoch, seq: Math.min(end, Math.max(first, middle)) };
}

/** The `seq` of the last entry of these channels that retention has dropped; `-Infinity` when there is none. */
function lastHole(holes: readonly Hole[]): number {
  // A position that a failover has made void stays as it is: the client gets its gap when it goes on from there.
  return Math.max(...holes.map(({ reason, to }) => (reason === "trimmed" ? to : -Infinity)));
}

/**
 * About the `seq` of the last entry of any channel that was dropped because the log has too many bytes. `-Infinity`
 * while the log is less than half full: it has room for as much again.
 */
function lastDroppedForBytes({ head, entries, bytes, keep }: LogStat): number {
  return 2 * bytes < keep.bytes ? -Infinity : head.seq - entries;
}

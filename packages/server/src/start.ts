import type { Hole } from "@tidings/log";
import { parseCursor, type Cursor, type ParsedRequest } from "@tidings/protocol";
import type { Access } from "./access.ts";
import type { Context } from "./context.ts";

/** Where a stream or a page starts. */
export interface Start {
  readonly cursor: Cursor;
  /** Whether the cursor came from the log; else the first read validates it. */
  readonly confirmed: boolean;
  /** By path: only what comes after this `seq` is owed. */
  readonly froms: Map<string, number>;
  /** The epoch in which the `from`s are positions. */
  readonly epoch: string;
  /** By path: the `seq` after which the viewer may read, if not from the beginning. It bounds current values, too. */
  readonly readable: ReadonlyMap<string, number>;
  /** Paths that are new to the client: their current values come first. */
  readonly fresh: readonly string[];
  /** Of paths whose own start is no position of the log. */
  readonly holes: readonly Hole[];
}

/** Finds the positions that a request names (PROTOCOL.md, section 4). */
export async function findStart(context: Context, asked: ParsedRequest, { granted }: Access): Promise<Start> {
  const { log, reads } = context;
  const head = await reads(() => log.head());
  const froms = new Map<string, number>();
  const readable = new Map<string, number>();
  const holes: Hole[] = [];
  const own: Cursor[] = [];
  for (const [path, { grant }] of granted) {
    if (grant.readableFrom !== undefined) readable.set(path, await lowerBound(context, grant.readableFrom, head));
    let from = readable.get(path) ?? 0;
    const start = asked.channels.get(path) ?? null;
    if (start !== null) {
      const hole = start === "now" ? undefined : await invalidity(context, start, head, [path]);
      if (hole !== undefined) holes.push(hole);
      const position = start === "now" || hole !== undefined ? head : start;
      own.push(position);
      from = Math.max(from, position.seq);
    }
    froms.set(path, from);
  }

  const paths = [...froms.keys()];
  const fresh = paths.filter((path) => (asked.channels.get(path) ?? null) !== null);
  const last = asked.after === null && asked.last > 0 ? await beforeLast(context, paths, asked.last) : null;
  const cursor = asked.after ?? last ?? own.reduce((one, other) => (other.seq < one.seq ? other : one), head);
  const confirmed = asked.after === null || isCovered(context, cursor, head);
  const start = { cursor, confirmed, froms, readable, epoch: head.epoch };
  // Current values come before everything else, so a position must be known to be one before they do.
  if (confirmed || fresh.length === 0) return { ...start, fresh, holes };
  const hole = await invalidity(context, cursor, head, paths);
  return hole === undefined ? { ...start, confirmed: true, fresh, holes } : { ...start, fresh: [], holes: [] };
}

/** Whether a reader at `cursor`, who follows the channel from `froms`, is owed what stands at `seq`. */
export function isOwed(froms: ReadonlyMap<string, number>, cursor: Cursor, channel: string, seq: number): boolean {
  return seq > Math.max(cursor.seq, froms.get(channel) ?? Infinity);
}

/** The position before the n-th newest reliable entry. */
async function beforeLast({ log, reads }: Context, paths: readonly string[], n: number): Promise<Cursor> {
  const { entries, next } = await reads(() => log.recent(paths, n));
  const [first] = entries;
  return first === undefined ? next : { epoch: first.epoch, seq: first.seq - 1 };
}

/** Whether the ring vouches for a position. Of the log's own epoch only: the tailer may not know yet that it is another one. */
function isCovered({ ring }: Context, position: Cursor, head: Cursor): boolean {
  return position.epoch === head.epoch && ring.covers(position);
}

/** A hole that says why a position means nothing to the log, if it does not. */
async function invalidity(
  context: Context,
  position: Cursor,
  head: Cursor,
  paths: readonly string[],
): Promise<Hole | undefined> {
  const { log, reads } = context;
  if (isCovered(context, position, head)) return undefined;
  const { holes } = await reads((signal) => log.read(position, paths, { entries: 0, bytes: 0 }, signal));
  return holes.find(({ reason }) => reason !== "trimmed");
}

/** A lower bound that is no position of this log anymore: the whole log is younger than it. What is no cursor at all allows nothing. */
async function lowerBound(context: Context, readableFrom: string, head: Cursor): Promise<number> {
  const bound = parseCursor(readableFrom);
  if (bound === null) return head.seq;
  if (bound.epoch === head.epoch) return bound.seq;
  const hole = await invalidity(context, bound, head, ["readable-from"]);
  return hole?.reason === "reset" ? 0 : bound.seq;
}

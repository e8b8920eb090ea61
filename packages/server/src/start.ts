import type { Hole, Page } from "@tidings/log";
import { parseCursor, type Cursor, type ParsedRequest } from "@tidings/protocol";
import type { Access } from "./access.ts";
import type { Context } from "./context.ts";

/** Where a stream or a page starts, and for whom. */
export interface Start {
  readonly access: Access;
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
export async function findStart(context: Context, asked: ParsedRequest, access: Access): Promise<Start> {
  const { log, reads } = context;
  const head = await reads(() => log.head());
  const froms = new Map<string, number>();
  const readable = new Map<string, number>();
  const holes: Hole[] = [];
  const fresh: string[] = [];
  let earliest: Cursor | null = null;
  for (const [path, { grant }] of access.granted) {
    if (grant.readableFrom !== undefined) readable.set(path, await lowerBound(context, grant.readableFrom, head));
    const bound = readable.get(path) ?? 0;
    froms.set(path, bound);
    const start = asked.channels.get(path) ?? null;
    if (start === null) continue;
    fresh.push(path);
    const hole = start === "now" ? undefined : await invalidity(context, start, head, [path]);
    if (hole !== undefined) holes.push(hole);
    const own = start === "now" || hole !== undefined ? head : start;
    froms.set(path, Math.max(bound, own.seq));
    if (earliest === null || own.seq < earliest.seq) earliest = own;
  }

  const paths = [...froms.keys()];
  let cursor = asked.after ?? earliest ?? head;
  if (asked.after === null && asked.last > 0) {
    const { entries, next } = await reads(() => log.recent(paths, asked.last));
    const [oldest] = entries;
    cursor = oldest === undefined ? next : { epoch: oldest.epoch, seq: oldest.seq - 1 };
  }
  const confirmed = asked.after === null || isCovered(context, cursor, head);
  const start = { access, cursor, confirmed, froms, readable, epoch: head.epoch, fresh, holes };
  // Current values come before everything else, so a position must be known to be one before they do.
  if (confirmed || fresh.length === 0) return start;
  const hole = await invalidity(context, cursor, head, paths);
  return hole === undefined ? { ...start, confirmed: true } : { ...start, fresh: [], holes: [] };
}

/** What of a page, read at `after`, is owed to a reader who follows its channels from `froms`; and the holes that concern it. */
export function owedOf({ entries, holes }: Page, froms: ReadonlyMap<string, number>, { seq: after }: Cursor) {
  const isOwed = (channel: string, seq: number) => seq > Math.max(after, froms.get(channel) ?? Infinity);
  return {
    entries: entries.filter(({ channel, seq }) => isOwed(channel, seq)),
    holes: holes.filter(({ channel, reason, to }) => (reason === "trimmed" ? isOwed(channel, to) : froms.has(channel))),
  };
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

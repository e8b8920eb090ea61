import type { EventLog, Hole, Page } from "@tidings/log";
import { parseCursor, type Cursor, type ParsedRequest } from "@tidings/protocol";
import type { Access } from "./access.ts";
import type { Gate } from "./gate.ts";
import type { Ring } from "./ring.ts";

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

/** What positions are found with. */
export interface StartSources {
  readonly log: EventLog;
  readonly ring: Ring;
  readonly reads: Gate;
}

const NOTHING = { entries: 0, bytes: 0 };

/** Finds the positions that a request names (PROTOCOL.md, section 4). */
export async function findStart(sources: StartSources, asked: ParsedRequest, access: Access): Promise<Start> {
  const { log, ring, reads } = sources;
  const head = await reads(() => log.head());
  const froms = new Map<string, number>();
  const readable = new Map<string, number>();
  const fresh: string[] = [];
  const holes: Hole[] = [];
  const own: Cursor[] = [];
  for (const [path, { grant }] of access.granted) {
    const start = asked.channels.get(path) ?? null;
    let from = 0;
    if (grant.readableFrom !== undefined) {
      from = await lowerBound(sources, grant.readableFrom, head);
      readable.set(path, from);
    }
    if (start !== null) {
      fresh.push(path);
      const hole = start === "now" ? undefined : await invalidity(sources, start, path);
      if (hole !== undefined) holes.push(hole);
      const position = start === "now" || hole !== undefined ? head : start;
      own.push(position);
      from = Math.max(from, position.seq);
    }
    froms.set(path, from);
  }

  const paths = [...froms.keys()];
  const start = { epoch: head.epoch, froms, readable };
  let cursor = asked.after;
  const confirmed = cursor === null || ring.covers(cursor);
  if (cursor === null && asked.last > 0) cursor = await beforeLast(sources, paths, asked.last);
  cursor ??= own.reduce((one, other) => (other.seq < one.seq ? other : one), head);
  // Current values come before everything else, so a position must be known to be one before they do.
  if (!confirmed && fresh.length > 0) {
    const position = cursor;
    const page = await reads((signal) => log.read(position, paths, NOTHING, signal));
    if (isInvalid(page)) return { ...start, cursor, confirmed: false, fresh: [], holes: [] };
    return { ...start, cursor, confirmed: true, fresh, holes };
  }
  return { ...start, cursor, confirmed, fresh, holes };
}

/** Whether the position that was read from means nothing to the log. */
export function isInvalid({ holes }: Pick<Page, "holes">): boolean {
  return holes.some(({ reason }) => reason !== "trimmed");
}

/** The position before the n-th newest reliable entry. */
async function beforeLast({ log, reads }: StartSources, paths: readonly string[], n: number): Promise<Cursor> {
  const { entries, next } = await reads(() => log.recent(paths, n));
  const first = entries[0];
  return first === undefined ? next : { epoch: first.epoch, seq: first.seq - 1 };
}

async function invalidity({ log, ring, reads }: StartSources, start: Cursor, path: string): Promise<Hole | undefined> {
  if (ring.covers(start)) return undefined;
  const { holes } = await reads((signal) => log.read(start, [path], NOTHING, signal));
  return holes.find(({ reason }) => reason !== "trimmed");
}

/** A lower bound that is no position of this log anymore: the whole log is younger than it. What is no cursor at all allows nothing. */
async function lowerBound({ log, reads }: StartSources, readableFrom: string, head: Cursor): Promise<number> {
  const bound = parseCursor(readableFrom);
  if (bound === null) return head.seq;
  if (bound.epoch === head.epoch) return bound.seq;
  const { holes } = await reads((signal) => log.read(bound, ["readable-from"], NOTHING, signal));
  return holes.some(({ reason }) => reason === "reset") ? 0 : bound.seq;
}

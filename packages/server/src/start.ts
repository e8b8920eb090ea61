import type { EventLog, Hole, Page } from "@tidings/log";
import { parseCursor, type Cursor, type ParsedRequest } from "@tidings/protocol";
import type { Access } from "./access.ts";
import type { Ring } from "./ring.ts";

/** Where a stream or a page starts. */
export interface Start {
  readonly cursor: Cursor;
  /** Whether the cursor came from the log; else the first read validates it. */
  readonly confirmed: boolean;
  /** By path: only what comes after this `seq` is owed. */
  readonly froms: Map<string, number>;
  /** Paths that are new to the client: their current values come first. */
  readonly fresh: readonly string[];
  /** Of paths whose own start is no position of the log. */
  readonly holes: readonly Hole[];
}

const NOTHING = { entries: 0, bytes: 0 };

/** Finds the positions that a request names (PROTOCOL.md, section 4). */
export async function findStart(log: EventLog, ring: Ring, asked: ParsedRequest, access: Access): Promise<Start> {
  const head = await log.head();
  const froms = new Map<string, number>();
  const fresh: string[] = [];
  const holes: Hole[] = [];
  const own: Cursor[] = [];
  for (const [path, { grant }] of access.granted) {
    const start = asked.channels.get(path) ?? null;
    let from = grant.readableFrom === undefined ? 0 : await lowerBound(log, grant.readableFrom, head);
    if (start !== null) {
      fresh.push(path);
      const hole = start === "now" ? undefined : await invalidity(log, ring, start, path);
      if (hole !== undefined) holes.push(hole);
      const position = start === "now" || hole !== undefined ? head : start;
      own.push(position);
      from = Math.max(from, position.seq);
    }
    froms.set(path, from);
  }

  const paths = [...froms.keys()];
  let cursor = asked.after;
  const confirmed = cursor === null || ring.covers(cursor);
  if (cursor === null && asked.last > 0) cursor = await beforeLast(log, paths, asked.last);
  if (cursor === null && own.length === paths.length) cursor = own.reduce((one, other) => (other.seq < one.seq ? other : one));
  cursor ??= head;
  // Current values come before everything else, so a position must be known to be one before they do.
  if (!confirmed && fresh.length > 0) {
    const page = await log.read(cursor, paths, NOTHING);
    if (isInvalid(page)) return { cursor, confirmed: false, froms, fresh: [], holes: [] };
    return { cursor, confirmed: true, froms, fresh, holes };
  }
  return { cursor, confirmed, froms, fresh, holes };
}

/** Whether the position that was read from means nothing to the log. */
export function isInvalid({ holes }: Pick<Page, "holes">): boolean {
  return holes.some(({ reason }) => reason !== "trimmed");
}

/** The position before the n-th newest reliable entry. */
async function beforeLast(log: EventLog, paths: readonly string[], n: number): Promise<Cursor> {
  const { entries, next } = await log.recent(paths, n);
  const first = entries[0];
  return first === undefined ? next : { epoch: first.epoch, seq: first.seq - 1 };
}

async function invalidity(log: EventLog, ring: Ring, start: Cursor, path: string): Promise<Hole | undefined> {
  if (ring.covers(start)) return undefined;
  const { holes } = await log.read(start, [path], NOTHING);
  return holes.find(({ reason }) => reason !== "trimmed");
}

/** A lower bound that is no position of this log anymore: the whole log is younger than it. What is no cursor at all allows nothing. */
async function lowerBound(log: EventLog, readableFrom: string, head: Cursor): Promise<number> {
  const bound = parseCursor(readableFrom);
  if (bound === null) return head.seq;
  if (bound.epoch === head.epoch) return bound.seq;
  const { holes } = await log.read(bound, ["readable-from"], NOTHING);
  return holes.some(({ reason }) => reason === "reset") ? 0 : bound.seq;
}

import type { Address, Contract } from "@tidings/contract";
import type { EventLog, Hole } from "@tidings/log";
import type { Cursor, ParsedRequest } from "@tidings/protocol";
import { readHead } from "../runtime/read-head.ts";
import type { Clock } from "@tidings/protocol/clock";
import { parseReadableFrom, type Access } from "../rights/access.ts";
import { lowerBounds, type LeavableBounds } from "./lower-bounds.ts";
import { partPosition } from "./part-cursor.ts";
import { findEndOfEpoch, findVoidPositions, isConfirmedByRing, type VoidPositionNeeds } from "./void-positions.ts";

/** Where a stream or a page starts, and for whom. */
export interface StartPosition {
  readonly access: Access;
  readonly cursor: Cursor;
  /** Whether the log or the ring has confirmed the cursor. Otherwise the first read validates it. */
  readonly isConfirmed: boolean;
  readonly fromByPath: LeavableBounds;
  /** The epoch in which the numbers of `fromByPath` are positions. */
  readonly epoch: string;
  /** By path: the `seq` after which the viewer may read, if there is such a bound. It bounds current values, too. */
  readonly readableFromByPath: ReadonlyMap<string, number>;
  /** Paths that are new to the client, so their current values come first. Only with a confirmed cursor. */
  readonly newPaths: readonly string[];
  /** Paths about which the request says nothing, and that may be over already: then the end comes first. */
  readonly untoldPaths: readonly string[];
  /** Holes of paths whose own start is not a position of the log. */
  readonly holes: readonly Hole[];
}

/** What it takes to find positions. */
export interface PositionNeeds extends VoidPositionNeeds {
  readonly contract: Contract;
  readonly log: Pick<EventLog, "head" | "read" | "recent">;
  readonly clock: Clock;
}

/** The log is asked about no more epochs for one request: a client has positions of few, and each costs a read. */
const MOST_EPOCHS = 16;

/** For whom positions are found. The signal is read only for what takes time. */
interface ClientSignal {
  readonly signal: AbortSignal;
}

/**
 * Finds the positions that a request names (PROTOCOL.md, section 4).
 *
 * @param reader its signal is aborted when the client is gone
 */
export async function findStartPosition(
  needs: PositionNeeds,
  request: ParsedRequest,
  access: Access,
  reader: ClientSignal,
): Promise<StartPosition> {
  const head = await readHead(needs);
  const { epoch } = head;
  const paths = [...access.granted.keys()];
  const readableFromByPath = hasBounds(access) ? await readableSeqs(needs, access, head, reader) : NO_BOUNDS;
  const ownStarts = hasOwnStarts(request) ? await findOwnStarts(needs, request, paths, head, reader) : NO_STARTS;
  const fromByPath = lowerBounds(paths, (path) =>
    Math.max(readableFromByPath.get(path) ?? 0, ownStarts.get(path)?.cursor.seq ?? 0),
  );
  const newPaths = [...ownStarts.keys()];
  const untoldPaths = request.after === null ? untoldOf(needs.contract, access, ownStarts) : [];
  const holes = [...ownStarts.values()].flatMap(({ hole }) => hole ?? []);
  const cursor = request.after ?? (await findBeginning(needs, request, paths, ownStarts, head, reader));
  const isConfirmed = request.after === null || isConfirmedByRing(needs.ring, cursor, head);
  const start = { access, cursor, isConfirmed, fromByPath, epoch, readableFromByPath, newPaths, untoldPaths, holes };
  // Current values come before everything else, so the log has to confirm the position before they are sent.
  if (isConfirmed || newPaths.length === 0) return start;
  const isVoid = await isVoidPosition(needs, cursor, head, paths, reader);
  return isVoid ? { ...start, newPaths: [], holes: [] } : { ...start, isConfirmed: true };
}

/** The paths without a start of their own whose channel declares an end. */
function untoldOf(contract: Contract, { granted }: Access, ownStarts: ReadonlyMap<string, OwnStart>): string[] {
  const canEnd = ({ name }: Address): boolean => contract[name]?.end !== undefined;
  const untold = [...granted].filter(([path, { address }]) => canEnd(address) && !ownStarts.has(path));
  return untold.map(([path]) => path);
}

/** Where a path starts that is new to the client. */
interface OwnStart {
  readonly cursor: Cursor;
  /** Set when the position of the request means nothing to the log. Then the path starts at the head. */
  readonly hole?: Hole | undefined;
}

/** By path: the starts that a request gives to single paths. */
async function findOwnStarts(
  needs: PositionNeeds,
  { channels }: ParsedRequest,
  paths: readonly string[],
  head: Cursor,
  reader: ClientSignal,
): Promise<ReadonlyMap<string, OwnStart>> {
  const positions = new Map<string, Cursor>();
  for (const path of paths) {
    const requested = channels.get(path) ?? null;
    if (requested === null) continue;
    // All current values come again, so it does not matter which of them have come before.
    positions.set(path, requested === "now" ? head : (partPosition(requested)?.events ?? requested));
  }
  const holes = await findVoidPositions(needs, positions, head, reader.signal, MOST_EPOCHS);
  const ownStartOf = (path: string, cursor: Cursor): OwnStart => {
    const hole = holes.get(path);
    return hole === undefined ? { cursor } : { cursor: head, hole };
  };
  return new Map(Array.from(positions, ([path, cursor]) => [path, ownStartOf(path, cursor)]));
}

/** Where the events begin when the request names no position for all paths. */
async function findBeginning(
  { log, reads }: PositionNeeds,
  { last }: ParsedRequest,
  paths: readonly string[],
  ownStarts: ReadonlyMap<string, OwnStart>,
  head: Cursor,
  reader: ClientSignal,
): Promise<Cursor> {
  if (last > 0) {
    const { entries, next } = await reads((_, of) => log.recent(of, last), { paths, gone: reader.signal });
    const [oldest] = entries;
    return oldest === undefined ? next : { epoch: oldest.epoch, seq: oldest.seq - 1 };
  }
  return [...ownStarts.values()].reduce((first, { cursor }) => (cursor.seq < first.seq ? cursor : first), head);
}

/** Whether the position for all paths means nothing to the log. The first read then makes a gap of it. */
async function isVoidPosition(
  needs: PositionNeeds,
  position: Cursor,
  head: Cursor,
  [path = ""]: readonly string[],
  reader: ClientSignal,
): Promise<boolean> {
  const holes = await findVoidPositions(needs, new Map([[path, position]]), head, reader.signal);
  return holes.size > 0;
}

/** Shared by the many requests without such positions. */
const NO_BOUNDS: ReadonlyMap<string, number> = new Map();
const NO_STARTS: ReadonlyMap<string, OwnStart> = new Map();

function hasBounds({ granted }: Access): boolean {
  for (const { grant } of granted.values()) if (grant.readableFrom !== undefined) return true;
  return false;
}

function hasOwnStarts({ channels }: ParsedRequest): boolean {
  for (const start of channels.values()) if (start !== null) return true;
  return false;
}

/**
 * By path: the `seq` after which the viewer may read. Only of paths with such a bound. If a failover has taken a bound,
 * everything is readable that was published since. A bound of an unknown epoch allows everything, since the whole log
 * is younger than it.
 */
async function readableSeqs(
  needs: PositionNeeds,
  { granted }: Access,
  head: Cursor,
  reader: ClientSignal,
): Promise<ReadonlyMap<string, number>> {
  const seqs = new Map<string, number>();
  const formerBounds = new Map<string, Cursor>();
  for (const [path, { grant }] of granted) {
    if (grant.readableFrom === undefined) continue;
    const bound = parseReadableFrom(grant.readableFrom);
    seqs.set(path, bound.seq);
    if (bound.epoch !== head.epoch) formerBounds.set(path, bound);
  }
  const holes = await findVoidPositions(needs, formerBounds, head, reader.signal);
  const endByEpoch = new Map<string, number>();
  // The first lost bound of an epoch is the nearest to its end.
  for (const [path, bound] of [...formerBounds].toSorted(([, one], [, other]) => one.seq - other.seq)) {
    const hole = holes.get(path);
    if (hole === undefined) continue;
    if (hole.reason === "lost" && !endByEpoch.has(bound.epoch)) {
      endByEpoch.set(bound.epoch, await findEndOfEpoch(needs, bound, path, reader.signal));
    }
    seqs.set(path, endByEpoch.get(bound.epoch) ?? 0);
  }
  return seqs;
}

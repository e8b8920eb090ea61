import { isEnd, type Entry, type Hole, type Page } from "@tidings/log";
import type { LowerBounds } from "./lower-bounds.ts";
import type { Cursor } from "@tidings/protocol";

/**
 * What a page of the log, read after the position `after`, owes to a reader (law 1). Each path has its own lower bound;
 * a path without one is not followed. A hole that was trimmed concerns the reader only if it ends after the reader's
 * position; any other hole makes the position itself void, for all paths.
 */
export function owedOf(
  { entries, holes }: Pick<Page, "entries" | "holes">,
  fromByPath: LowerBounds,
  { seq: after }: { readonly seq: number },
): { readonly entries: readonly Entry[]; readonly holes: readonly Hole[] } {
  const isOwed = (path: string, seq: number): boolean => seq > Math.max(after, fromByPath.get(path) ?? Infinity);
  const owed = entries.filter(({ channel, seq }) => isOwed(channel, seq));
  const voidHole = voidHoleOf(holes);
  if (voidHole === undefined) return { entries: owed, holes: holes.filter(({ channel, to }) => isOwed(channel, to)) };
  // The log names the paths that it was asked about, which are perhaps not all.
  return { entries: owed, holes: Array.from(fromByPath.keys(), (channel) => ({ ...voidHole, channel })) };
}

/** A hole that says that the position itself means nothing to the log. */
export function voidHoleOf(holes: readonly Hole[]): Hole | undefined {
  return holes.find(({ reason }) => reason !== "trimmed");
}

/**
 * The part of a page up to a `seq`. It moves no reader back: `position` is where the read began. If that is void, the
 * page has the head in place of a position after it.
 */
export function pageUpTo(page: Page, seq: number, position: { readonly seq: number }): Page {
  const end = Math.max(seq, position.seq);
  if (page.next.seq <= end || voidHoleOf(page.holes) !== undefined) return page;
  const entries = page.entries.filter((entry) => entry.seq <= end);
  return { ...page, entries, next: { epoch: page.next.epoch, seq: end }, more: true };
}

/** Whether a current value comes after a position, so that it is owed as an event, too. */
export function isOwedAfter(
  { channel, seq }: Entry,
  fromByPath: LowerBounds,
  position: { readonly seq: number },
): boolean {
  return seq > Math.max(position.seq, fromByPath.get(channel) ?? Infinity);
}

/** Where a reader begins. */
export interface Beginning {
  readonly cursor: { readonly seq: number };
  readonly fromByPath: LowerBounds;
  readonly readableFromByPath: ReadonlyMap<string, number>;
}

/**
 * Whether a current value or an end comes before everything else. The viewer has to be allowed to see it. An end after
 * the beginning of its path is an event like the others, and comes after them.
 */
export function comesFirst(entry: Entry, { cursor, fromByPath, readableFromByPath }: Beginning): boolean {
  const { channel, seq } = entry;
  const isOver = seq <= Math.max(cursor.seq, fromByPath.get(channel) ?? 0);
  return seq > (readableFromByPath.get(channel) ?? 0) && (isOver || !isEnd(entry));
}

/**
 * The position after which the current values begin that a viewer may see; null for the beginning. A path without a
 * bound begins there. Values come in the order of the log, so what is hidden in all of the paths need not be read.
 *
 * @param epoch the epoch of the bounds
 */
export function beginningOfValues(
  paths: readonly string[],
  readableFromByPath: ReadonlyMap<string, number>,
  epoch: string,
): Cursor | null {
  const seq = Math.min(...paths.map((path) => readableFromByPath.get(path) ?? 0));
  return seq === 0 ? null : { epoch, seq };
}

/**
 * Whether a lower bound has become void: a read has left the epoch of the bounds, and a bound may be after the end of
 * that epoch. The client then has to start that path again.
 *
 * @param epoch the epoch of the bounds
 * @param position where the read began, or the end of what is known of its epoch
 * @param next where it ended
 */
export function hasVoidBound(fromByPath: LowerBounds, epoch: string, position: Cursor, next: Cursor): boolean {
  if (position.epoch !== epoch || next.epoch === epoch) return false;
  return [...fromByPath.values()].some((from) => from > position.seq);
}

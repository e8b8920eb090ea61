import { covers, parseCursor, type Cursor } from "@tidings/protocol";

/** A place in the log: a cursor, and its token as it came over the wire. */
export interface Position extends Cursor {
  readonly token: string;
}

/** The position of a token, or null when the text is no cursor. */
export function toPosition(token: string | null | undefined): Position | null {
  const cursor = token ? parseCursor(token) : null;
  return cursor && token ? { ...cursor, token } : null;
}

/** Whether a reader at `seen` has seen everything up to `position`. False if one of them is null. */
export function hasSeen(seen: Cursor | null, position: Cursor | null): boolean {
  return seen !== null && position !== null && covers(seen, position);
}

/** Whether a position is known to be later than another one. Positions of different epochs cannot be compared. */
export function isAfter(position: Cursor | null, other: Cursor | null): boolean {
  return hasSeen(position, other) && position?.seq !== other?.seq;
}

/** The later one of two positions: never back to what is known to be earlier. Of different epochs, the second. */
export function furthest(current: Position | null, next: Position | null): Position | null {
  return next === null || hasSeen(current, next) ? current : next;
}

/** How far the shared stream has come. */
export interface StreamPosition {
  /** Everything up to here has been delivered to all that have joined. The next connection goes on from here. */
  readonly handled: Position | null;
  /** The same, together with the event that is being delivered. */
  readonly carried: Position | null;
}

import { covers, parseCursor, type Cursor } from "@tidings/protocol";

/** A place in the log: a cursor, and its token as it came over the wire. */
export interface Position extends Cursor {
  readonly token: string;
}

/** The position of a token. Null when the text is no cursor. */
export function toPosition(text: string | null | undefined): Position | null {
  const token = text ?? "";
  const cursor = parseCursor(token);
  return cursor && { epoch: cursor.epoch, seq: cursor.seq, token };
}

/** Whether a position is known to be later than another one. Positions of different epochs cannot be compared. */
export function isAfter(position: Cursor | null, other: Cursor | null): boolean {
  return covers(position, other) && position?.seq !== other?.seq;
}

/** The later one of two positions: never back to what is known to be earlier. Of different epochs, the second. */
export function furthest(current: Position | null, next: Position | null): Position | null {
  return next === null || covers(current, next) ? current : next;
}

/** How far the shared stream has come. */
export interface StreamPosition {
  /** Everything up to here has been delivered to all that have joined. The next connection goes on from here. */
  readonly handled: Position | null;
  /** The same, together with the event that is being delivered. */
  readonly carried: Position | null;
}

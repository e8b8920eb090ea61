import { formatCursor, type Cursor } from "@tidings/protocol";
import type { NewEntry } from "./event-log.ts";

/** A batch is not appended, since a value does not stand where one of its entries expects it. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
  /** Where the newest value of the key stands; null if there is none. */
  readonly cursor: Cursor | null;

  constructor({ channel, type, key = "", expects = null }: NewEntry, cursor: Cursor | null) {
    const value = `${type} in ${channel}${key === "" ? "" : ` with the key ${JSON.stringify(key)}`}`;
    const expected = expects === null ? `no ${value}` : `the ${value} to be that of ${formatCursor(expects)}`;
    const got = cursor === null ? "none" : `that of ${formatCursor(cursor)}`;
    super(`Expected ${expected}, got ${got}; nothing was published. Read the value again, and decide anew.`);
    this.cursor = cursor;
  }
}

/** Whether an error is a {@link ConflictError}, also one of another copy of this package. */
export function isConflict(error: unknown): error is ConflictError {
  return error instanceof Error && error.name === "ConflictError";
}

/**
 * Checks the condition of an entry, if it has one. An engine calls this for all entries of a batch before it appends
 * the first of them, in the same step as the append.
 *
 * @param cursor where the newest value of its key stands, neither withdrawn nor expired; null if there is none
 * @throws ConflictError if the value does not stand where the entry expects it
 */
export function checkExpected(entry: NewEntry, cursor: Cursor | null): void {
  const { expects } = entry;
  if (expects === undefined) return;
  if (expects?.epoch === cursor?.epoch && expects?.seq === cursor?.seq) return;
  throw new ConflictError(entry, cursor);
}

import type { Cursor } from "@tidings/protocol";

/**
 * A position in the middle of current values. They come in parts when one page cannot hold them. The client goes on
 * from such a position as from any other, and does not know what it means.
 */
export interface PartPosition {
  /** Where the events go on when all values have come. */
  readonly events: Cursor;
  /** The value that came last. */
  readonly values: Cursor;
}

/** A part has its own epoch. No log has one like it, so a stream that begins there meets a gap, not a wrong event. */
const PART_EPOCH = /^(.+)--([0-9a-z]{1,11})$/;

export function partCursor({ events, values }: PartPosition): Cursor {
  return { epoch: `${events.epoch}--${values.seq.toString(36)}`, seq: events.seq };
}

/** What the cursor of a part stands for; null for every other cursor. */
export function partPosition(cursor: Cursor | null): PartPosition | null {
  const [, epoch, digits = ""] = PART_EPOCH.exec(cursor?.epoch ?? "") ?? [];
  if (cursor === null || epoch === undefined) return null;
  return { events: { epoch, seq: cursor.seq }, values: { epoch, seq: Number.parseInt(digits, 36) } };
}

import type { Entry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Batch } from "../wire/batch.ts";

/** What a connection is owed next. */
export interface RingBatch extends Batch {
  /** The position up to which the connection is served by this batch: that of its last entry. */
  readonly next: Cursor;
}

/**
 * An entry with its frame. It is the batch of a connection that takes only this entry, so that its frame is shared as
 * it is.
 */
export interface RingEntry extends RingBatch {
  readonly entry: Entry;
  /** From when the age of a volatile entry counts, in milliseconds since 1970 by the clock of this process. */
  readonly bornAt: number;
}

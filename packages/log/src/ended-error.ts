import { formatCursor, type Cursor } from "@tidings/protocol";
import { END_TYPE } from "@tidings/protocol/mode";
import type { NewEntry } from "./event-log.ts";

/** A batch is not appended, since the channel of one of its entries has ended. */
export class EndedError extends Error {
  override readonly name = "EndedError";
  /** Where the end stands; null if it is in the same batch. */
  readonly cursor: Cursor | null;

  constructor(channel: string, cursor: Cursor | null) {
    const got = cursor === null ? "an entry after its end" : `its end at ${formatCursor(cursor)}`;
    const remedy = "After its end, it takes no event: publish to another address";
    super(`Expected ${channel} to go on, got ${got}; nothing was published. ${remedy}.`);
    this.cursor = cursor;
  }
}

/** Whether an error is an {@link EndedError}, also one of another copy of this package. */
export function isEnded(error: unknown): error is EndedError {
  return error instanceof Error && error.name === "EndedError";
}

/** Whether an entry is the last one of its channel. */
export function isEnd({ mode, type }: Pick<NewEntry, "mode" | "type">): boolean {
  return mode === "reliable" && type === END_TYPE;
}

/** What a log knows of the entries before a batch. */
interface EndFinder {
  /** Where the end of a channel stands; null if the channel has not ended. */
  readonly endOf: (channel: string) => Cursor | null;
  /** Whether an entry was appended before, by its idempotency key. */
  readonly isRepeated: (entry: NewEntry) => boolean;
}

/**
 * Checks that no entry of a batch comes after the end of its channel. An engine calls this before it appends the first
 * of them, in the same step as the append.
 *
 * @throws EndedError if one does
 */
export function checkEnds(batch: readonly NewEntry[], { endOf, isRepeated }: EndFinder): void {
  for (const [index, entry] of batch.entries()) {
    const end = endOf(entry.channel);
    if (end !== null && !isRepeated(entry)) throw new EndedError(entry.channel, end);
    if (isEnd(entry)) checkLast(batch, index, isRepeated);
  }
}

/** Checks that an end is the last entry of its channel in its batch. */
function checkLast(batch: readonly NewEntry[], index: number, isRepeated: EndFinder["isRepeated"]): void {
  const channel = batch[index]?.channel;
  const ofChannel = (entry: NewEntry): boolean => entry.channel === channel;
  const keys = new Set(
    batch
      .slice(0, index + 1)
      .filter(ofChannel)
      .map(({ idempotencyKey }) => idempotencyKey),
  );
  for (const later of batch.slice(index + 1).filter(ofChannel)) {
    const isNew = later.idempotencyKey === undefined || !keys.has(later.idempotencyKey);
    if (isNew && !isRepeated(later)) throw new EndedError(later.channel, null);
  }
}

import { joinChunks } from "../wire/chunk.ts";
import type { RingBatch, RingEntry } from "./ring-entry.ts";

/** The most bytes of one batch, unless a single frame is longer. */
export const BATCH_BYTES = 64 * 1024;

/**
 * The ring entries that one connection is owed next, while its batch is looked for. The ring has one such list for all
 * connections, since a list for each delivery would cost more than everything else that the ring does for it.
 */
export class OwedEntries {
  /** Null where there is nothing any more: an entry that the ring drops must not be kept here. */
  readonly #found: (RingEntry | null)[] = [];
  #bytes = 0;
  #count = 0;
  /** Lists with the same entries have the same hash. */
  hash = 0;

  get count(): number {
    return this.#count;
  }

  /** The only entry, if it is the only one. */
  get only(): RingEntry | null {
    return this.#count === 1 ? (this.#found[0] ?? null) : null;
  }

  /** Adds an entry, unless the batch is full. Says whether it was added. */
  add(found: RingEntry): boolean {
    const bytes = this.#bytes + found.chunk.bytes.length;
    if (bytes > BATCH_BYTES && this.#count > 0) return false;
    this.#found[this.#count] = found;
    this.#count++;
    this.#bytes = bytes;
    this.hash = (Math.imul(this.hash, 31) + found.entry.seq) | 0;
    return true;
  }

  /** Whether a batch has exactly these entries. */
  isOf({ entries }: RingBatch): boolean {
    if (entries.length !== this.#count) return false;
    for (let index = 0; index < this.#count; index++) {
      if (this.#found[index]?.entry !== entries[index]) return false;
    }
    return true;
  }

  /** A new batch of these entries. There must be one at least. */
  toBatch(): RingBatch {
    const found = this.#found.filter((entry) => entry !== null);
    const entries = found.map(({ entry }) => entry);
    const [next] = entries.slice(-1);
    if (next === undefined) throw new RangeError("Expected an entry for a batch, got none; add one first.");
    return { entries, next, chunk: joinChunks(found.map(({ chunk }) => chunk)) };
  }

  clear(): void {
    for (let index = 0; index < this.#count; index++) this.#found[index] = null;
    this.#count = 0;
    this.#bytes = 0;
    this.hash = 0;
  }
}

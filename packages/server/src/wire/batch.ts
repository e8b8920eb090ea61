import type { Entry } from "@tidings/log";
import { concat } from "./bytes.ts";
import { entryFrame } from "./frame.ts";

/** Entries that a reader gets at once. Several readers may get the same batch. */
export interface Batch {
  readonly entries: readonly Entry[];
  /** The frames of the entries. */
  readonly bytes: Uint8Array;
}

/** Entries that were read from the log. Their frames are made when the first connection writes them. */
export class LogBatch implements Batch {
  readonly entries: readonly Entry[];
  #bytes: Uint8Array | null = null;

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= concat(this.entries.map((entry) => entryFrame(entry)));
    return this.#bytes;
  }
}

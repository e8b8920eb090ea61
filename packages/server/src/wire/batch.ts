import type { Entry } from "@tidings/log";
import { joinChunks, type Chunk } from "./chunk.ts";
import { entryFrame } from "./frame.ts";

/** Entries that a reader gets at once. Several readers may get the same batch. */
export interface Batch {
  readonly entries: readonly Entry[];
  /** The frames of the entries. */
  readonly chunk: Chunk;
}

/** Entries that were read from the log. Their frames are made when the first connection writes them. */
export class LogBatch implements Batch {
  readonly entries: readonly Entry[];
  #chunk: Chunk | null = null;

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
  }

  get chunk(): Chunk {
    this.#chunk ??= joinChunks(this.entries.map((entry) => entryFrame(entry)));
    return this.#chunk;
  }
}

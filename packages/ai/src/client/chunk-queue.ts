import { joinDeltas } from "../join-deltas.ts";
import type { Chunk, ChunkBatch } from "../run.ts";

/** Why a reader gets nothing more. */
type Over = { readonly kind: "ended" } | { readonly kind: "failed"; readonly error: Error };

/**
 * Chunks that a reader has not taken yet. What waits is joined, so a page that comes back shows the text so far in one
 * step. It grows to the length of the answer at most.
 */
export class ChunkQueue {
  #chunks: Chunk[] = [];
  #next = 0;
  #over: Over | null = null;
  #wake = (): void => {};

  /** Takes a batch. One that does not follow on the last one ends the queue with an error. */
  add({ first, chunks }: ChunkBatch): void {
    if (first !== this.#next) return this.fail(`Expected chunk ${this.#next} of the run, got chunk ${first}`);
    this.#next += chunks.length;
    for (const chunk of chunks) this.#push(chunk);
    this.#wake();
  }

  /** Says that nothing more comes, after some last chunks. */
  end(last: readonly Chunk[] = []): void {
    if (this.#over !== null) return;
    this.#chunks.push(...last);
    this.#over = { kind: "ended" };
    this.#wake();
  }

  /** Says that the rest of the run cannot be read. What waits is still taken. */
  fail(why: string): void {
    this.#over ??= { kind: "failed", error: new Error(`${why}; load the messages that the application has saved.`) };
    this.#wake();
  }

  /** Everything that waits; at least one chunk. Null at the end. @throws what {@link fail} has said */
  async take(): Promise<readonly Chunk[] | null> {
    while (this.#chunks.length === 0) {
      if (this.#over?.kind === "failed") throw this.#over.error;
      if (this.#over !== null) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#chunks.splice(0);
  }

  #push(chunk: Chunk): void {
    const last = this.#chunks.at(-1);
    const joined = last === undefined ? null : joinDeltas(last, chunk);
    if (joined === null) this.#chunks.push(chunk);
    else this.#chunks[this.#chunks.length - 1] = joined;
  }
}

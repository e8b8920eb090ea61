import pLimit from "p-limit";

/** Why a write was refused. Nothing was written, and a later attempt can succeed. */
export class WriteRefused extends Error {
  override readonly name = "WriteRefused";
  /** The hub reads it, too: `authenticate` writes if the person is new. */
  readonly status = 503;
}

/** How long a write may still wait. */
export interface Patience {
  /** When it ends, by `performance.now()`. */
  readonly deadline: number;
  /** Aborted when the queue closes. */
  readonly signal: AbortSignal;
}

/** The options of `createWriteQueue`. */
export interface WriteQueueOptions {
  /** Milliseconds that a write may wait, from its arrival until its transaction begins. @default 5_000 */
  readonly patience?: number;
  /** The most writes that may wait at the same time. @default 256 */
  readonly capacity?: number;
}

/** Runs writes one after the other, in the order of their arrival. */
export interface WriteQueue {
  /** @throws WriteRefused if the queue is full or closed, or if the turn of the write comes too late */
  run<Result>(work: (patience: Patience) => Promise<Result>): Promise<Result>;
  /** Refuses everything that waits, and resolves when the current write has ended. */
  close(): Promise<void>;
}

export function createWriteQueue({ patience = 5_000, capacity = 256 }: WriteQueueOptions = {}): WriteQueue {
  const limit = pLimit(1);
  const closing = new AbortController();
  const { signal } = closing;
  const refuseIfClosing = (): void => {
    if (signal.aborted) throw new WriteRefused("The server is about to close; try again in a moment.");
  };
  return {
    async run(work) {
      refuseIfClosing();
      if (limit.pendingCount >= capacity) {
        throw new WriteRefused(`Too much waits to be written (${capacity}); try again in a moment.`);
      }
      const deadline = performance.now() + patience;
      return limit(async () => {
        refuseIfClosing();
        if (performance.now() >= deadline) {
          throw new WriteRefused(`The write has waited for ${patience} ms; try again in a moment.`);
        }
        return work({ deadline, signal });
      });
    },
    async close() {
      closing.abort();
      // Everything that waits comes before this, and is refused at once.
      await limit(async () => {});
    },
  };
}

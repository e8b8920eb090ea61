import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";

/**
 * How long appends wait for an answer, in milliseconds: a connection may hang. With the patience of a log, it is less
 * than the time after which a hub gives up.
 */
const LONGEST_WAIT = 500;

/**
 * The questions for the head that have no answer yet. An append may have another connection than the question, and be
 * faster. But who asks where now is, and appends then, expects the entry behind the answer.
 */
export class PendingHeads {
  readonly #clock: Pick<Clock, "setTimeout">;
  readonly #asked = new Set<Promise<unknown>>();

  constructor(clock: Pick<Clock, "setTimeout">) {
    this.#clock = clock;
  }

  async note(asking: Promise<Cursor>): Promise<Cursor> {
    this.#asked.add(asking);
    try {
      return await asking;
    } finally {
      this.#asked.delete(asking);
    }
  }

  /** Resolves when all who have asked before have their answer, or have waited for too long. */
  async answered(): Promise<void> {
    if (this.#asked.size === 0) return;
    let cancel = (): void => {};
    const tooLong = new Promise<void>((resolve) => {
      cancel = this.#clock.setTimeout(resolve, LONGEST_WAIT, true);
    });
    await Promise.race([Promise.allSettled(this.#asked), tooLong]);
    cancel();
  }
}

import type { Clock } from "@tidings/protocol/clock";

/** The milliseconds of one turn of the event loop that one kind of work may take. */
const BUDGET = 5;

/**
 * The time that one kind of work may take in one turn of the event loop. Without it, a log that answers at once, or a
 * socket that takes everything, would let thousands of readers catch up in one turn, and everything else would wait.
 */
export class TurnBudget {
  readonly #clock: Pick<Clock, "now" | "defer">;
  /** When the work was first asked about in this turn, in milliseconds since 1970; null before that. */
  #startedAt: number | null = null;
  #lastInQueue = Promise.resolve();
  #waiting = 0;

  constructor(clock: Pick<Clock, "now" | "defer">) {
    this.#clock = clock;
  }

  /** Whether the work has used up its time in this turn. The time starts when this is first read in a turn. */
  get isSpent(): boolean {
    const now = this.#clock.now();
    if (this.#startedAt === null) {
      this.#startedAt = now;
      this.#clock.defer(() => {
        this.#startedAt = null;
      });
    }
    // A distance, so that a clock that is set back does not stop the work.
    return Math.abs(now - this.#startedAt) >= BUDGET;
  }

  /** Whether there is time left now, and nobody waits for it. Whoever reads this has to begin at once. */
  get isFree(): boolean {
    return this.#waiting === 0 && !this.isSpent;
  }

  /** Resolves when there is time left, in this turn or in a later one. In the order of the calls. */
  available(): Promise<void> {
    this.#waiting++;
    this.#lastInQueue = this.#lastInQueue.then(() => this.#waitForTime());
    return this.#lastInQueue;
  }

  async #waitForTime(): Promise<void> {
    while (this.isSpent) await new Promise<void>((resolve) => this.#clock.defer(resolve));
    this.#waiting--;
  }
}

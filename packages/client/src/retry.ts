/** The longest a timer can be, in milliseconds. */
const LONGEST = 2 ** 31 - 1;
const JITTER_CAP = 30_000;
const HEALTHY = 60_000;

/** When to try again (PROTOCOL.md, section 9). The jitter stands on top of the server's floor, so that it spreads clients also at the cap. */
export class Backoff {
  readonly #random: () => number;
  #base = 2_000;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The server's `retry`, in milliseconds; kept within what a timer can hold. */
  setRetry(milliseconds: number): void {
    this.#base = Math.min(LONGEST, Math.max(0, milliseconds));
  }

  /** The server's own wish: it has spread its clients already. */
  asTold(): number {
    return this.#base;
  }

  /** At once, but not all clients in the same moment. */
  soon(): number {
    return this.#random() * 1_000;
  }

  /**
   * After a failure.
   * @param lived how long the connection was good, in milliseconds; a minute forgets former failures
   * @param floor the `Retry-After` of the answer, in milliseconds
   */
  afterFailure(lived: number, floor = 0): number {
    if (lived >= HEALTHY) this.#failures = 0;
    // With `retry: 0` there would be nothing to double.
    const spread = Math.min(JITTER_CAP, Math.max(500, this.#base) * 2 ** this.#failures);
    this.#failures++;
    return Math.min(LONGEST, Math.max(this.#base, floor) + this.#random() * spread);
  }
}

import { LONGEST_TIMER } from "./clock.ts";

const JITTER_CAP = 30_000;
/** With `retry: 0` there would be nothing to double. */
const LEAST_SPREAD = 500;

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
    this.#base = Math.min(LONGEST_TIMER, milliseconds);
  }

  /** The server's own wish, in milliseconds: it has spread its clients already. */
  asTold(): number {
    return this.#base;
  }

  /** At once, but not all clients in the same moment. */
  soon(): number {
    return this.#random() * 1_000;
  }

  /** @param floor the `Retry-After` of the answer, in milliseconds */
  afterFailure(floor = 0): number {
    const spread = Math.min(JITTER_CAP, Math.max(LEAST_SPREAD, this.#base) * 2 ** this.#failures++);
    return Math.min(LONGEST_TIMER, Math.max(this.#base, floor) + this.#random() * spread);
  }

  /** What was tried has worked: former failures count no more. */
  forget(): void {
    this.#failures = 0;
  }
}

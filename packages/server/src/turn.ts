import type { Clock } from "./clock.ts";

/** Milliseconds of one turn of the event loop that one kind of work may take. */
const SHARE = 5;

/**
 * The turn of the event loop, and how much of it some kind of work has taken. A log that answers without waiting, and a reader that is
 * as fast as we are, would else keep everybody waiting until the last of thousands has caught up.
 */
export class Turn {
  readonly #clock: Clock;
  #since: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the work has had its share since it was first asked in this turn. */
  get isOver(): boolean {
    const now = this.#clock.now();
    if (this.#since === null) {
      this.#since = now;
      this.#clock.defer(() => void (this.#since = null));
    }
    // A distance: a clock that was set back does not stop the work.
    return Math.abs(now - this.#since) >= SHARE;
  }

  /** Resolves in the next one. Whoever goes on then asks again: others may have been first. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#clock.defer(resolve));
  }
}

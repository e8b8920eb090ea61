import type { Clock } from "@tidings/protocol/clock";

/** Milliseconds of one turn of the event loop that one kind of work may take. */
const SHARE = 5;

/**
 * The turn of the event loop, and how much of it some kind of work has taken. A log that answers without waiting, and a reader that is
 * as fast as we are, would else keep everybody waiting until the last of thousands has caught up.
 */
export class Turn {
  readonly #clock: Clock;
  #since: number | null = null;
  /** Whoever waits is before whoever comes. */
  #last = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the work has had its share since it was first asked in this turn. */
  get isOver(): boolean {
    const now = this.#clock.now();
    if (this.#since === null) this.#clock.defer(() => void (this.#since = null));
    // A distance: a clock that was set back does not stop the work.
    return Math.abs(now - (this.#since ??= now)) >= SHARE;
  }

  /** Resolves when there is time left, in this turn or in one of the next: first come, first served. */
  begin(): Promise<void> {
    return (this.#last = this.#last.then(() => this.#untilThereIsTime()));
  }

  async #untilThereIsTime(): Promise<void> {
    while (this.isOver) await new Promise<void>((resolve) => this.#clock.defer(resolve));
  }
}

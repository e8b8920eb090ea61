import type { VirtualClock } from "./virtual-clock.ts";

/** How long anybody waits for an event, in milliseconds of the kit's time: longer than any retry. */
const PATIENCE = 120_000;
const STEP = 100;

/** One thing after the other: what a kit is told happens when everything before has come to rest. */
export class Rest {
  readonly #clock: VirtualClock;
  #last: Promise<unknown> = Promise.resolve();
  /** Called at every rest. */
  onRest = () => {};

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Runs the work at the next rest, and rests after it. */
  before<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => this.#settle()).then(work);
    // Whoever asked hears of a failure; what comes next happens all the same.
    this.#last = result.then(
      () => this.#settle(),
      () => this.#settle(),
    );
    return this.#last.then(() => result);
  }

  /** Lets time pass until something is true, two minutes at most. Resolves with whether it is. */
  until(isTrue: () => boolean): Promise<boolean> {
    return this.before(async () => {
      for (let waited = 0; !isTrue() && waited < PATIENCE; waited += STEP) {
        await this.#clock.advance(STEP);
        this.onRest();
      }
      return isTrue();
    });
  }

  async #settle(): Promise<void> {
    await this.#clock.settle();
    this.onRest();
  }
}

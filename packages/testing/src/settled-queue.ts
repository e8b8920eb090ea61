import type { VirtualClock } from "./virtual-clock.ts";

/** The longest wait for anything, in milliseconds of the kit's time: longer than any retry. */
const MAX_WAIT = 120_000;
/** The interval of checks while waiting, in milliseconds of the kit's time. */
const CHECK_INTERVAL = 100;

/** Runs work one piece after the other, each when everything before it has settled. */
export class SettledQueue {
  readonly #clock: VirtualClock;
  /** Resolves when the last piece of work has settled. */
  #last: Promise<unknown> = Promise.resolve();
  /** Called every time that everything has settled. */
  onSettled = () => {};

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Runs the work when everything before it has settled. Resolves or rejects with its result when it has settled. */
  run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => this.#settle()).then(work);
    // A failure is reported to the caller of `run`; the next piece of work runs all the same.
    this.#last = result.then(
      () => this.#settle(),
      () => this.#settle(),
    );
    return this.#last.then(() => result);
  }

  /** Lets up to two minutes pass until a condition is true. Resolves with whether it is true. */
  waitUntil(isTrue: () => boolean): Promise<boolean> {
    return this.run(async () => {
      for (let waited = 0; !isTrue() && waited < MAX_WAIT; waited += CHECK_INTERVAL) {
        await this.#clock.advance(CHECK_INTERVAL);
        this.onSettled();
      }
      return isTrue();
    });
  }

  async #settle(): Promise<void> {
    await this.#clock.settle();
    this.onSettled();
  }
}

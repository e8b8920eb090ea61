/** In milliseconds. */
export const SECOND = 1_000;
/** In milliseconds. */
export const MINUTE = 60 * SECOND;
/** In milliseconds. */
export const HOUR = 60 * MINUTE;

/**
 * A time of day that stands still until it is moved. Not the `VirtualClock` of `@tidings/testing`: that package needs
 * this one, and a log with storage of its own waits in real time. It gets nothing but the time of day from a test.
 */
export class ManualClock {
  #time = Date.UTC(2026, 0, 1);

  readonly now = (): number => this.#time;

  /** Moves the clock. A negative number moves it back, as real clocks sometimes go. */
  move(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** A clock that stands still until it is moved. */
export class ManualClock {
  #time = Date.UTC(2026, 0, 1);

  readonly now = (): number => this.#time;

  /** Back, too: clocks do. */
  move(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** After so many turns of the event loop without a pause, whatever is going on will not end. */
const MOST_TURNS = 10_000;

/** The longest timer of the platform, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

// Taken once, so that tests that fake the globals do not stop the clock. This file imports nothing: the tests of the
// packages below this one import it as a file, and some of them have no types of Node.
const { setImmediate } = globalThis as unknown as { readonly setImmediate: (task: () => void) => unknown };

/** The options of {@link VirtualClock}. */
export interface VirtualClockOptions {
  /** The time of day at the beginning, in milliseconds since 1970. @default the first of January 2026 */
  readonly day?: number;
  /** Runs `next` when no promise has anything left to do. @default setImmediate: a turn of the runtime's event loop */
  readonly turn?: (next: () => void) => void;
}

/**
 * Time that passes only when a test says so: what hub and clients take as their `clock`. All promises have settled when
 * time goes on, so nothing may wait for real I/O. Its functions work without their object.
 */
export class VirtualClock {
  /** What timers go by: milliseconds since the clock was made. */
  #time = 0;
  /** The time of day at the beginning. */
  #day: number;
  #timers: Timer[] = [];
  #deferred: (() => void)[] = [];
  readonly #nextTurn: (next: () => void) => void;

  constructor({ day = Date.UTC(2026, 0, 1), turn = (next) => void setImmediate(next) }: VirtualClockOptions = {}) {
    this.#day = day;
    this.#nextTurn = turn;
  }

  /** The time of day, in milliseconds since 1970. */
  readonly now = (): number => this.#day + this.#time;

  /** Milliseconds since the clock was made. No {@link jump} changes it. */
  readonly monotonic = (): number => this.#time;

  /** The same. */
  get time(): number {
    return this.#time;
  }

  /** Timers that have neither run nor been cancelled. */
  get pending(): number {
    return this.#timers.length;
  }

  setTimeout = (task: () => void, milliseconds: number): (() => void) => {
    // As the platform does it: a timer that is too long runs at once.
    const delay = milliseconds > LONGEST_TIMER ? 1 : Math.max(0, milliseconds);
    const timer = { at: this.#time + delay, task };
    // Kept in order; timers of the same moment run in the order in which they were set.
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1]?.at ?? 0) > timer.at) index--;
    this.#timers.splice(index, 0, timer);
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found !== -1) this.#timers.splice(found, 1);
    };
  };

  defer = (task: () => void): void => {
    this.#deferred.push(task);
  };

  /** Sets the time of day. Real clocks jump, too, and no timer notices. */
  readonly jump = (milliseconds: number): void => {
    this.#day += milliseconds;
  };

  /**
   * Lets the machine sleep, as a laptop that is closed: time passes, and no timer runs. The machine wakes at the next
   * {@link settle} or {@link advance}, which runs the timers that are late.
   */
  readonly sleep = (milliseconds: number): void => {
    this.#time += milliseconds;
  };

  /** Runs everything that needs no time. @throws Error when that does not end */
  readonly settle = async (): Promise<void> => {
    await this.#rest();
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      const [timer] = this.#timers;
      const isDue = timer !== undefined && timer.at <= this.#time;
      if (!isDue && this.#deferred.length === 0) return;
      for (const task of this.#deferred.splice(0)) task();
      if (isDue) this.#run(timer);
      await this.#rest();
    }
    throw new Error(
      `Expected everything to come to rest, got ${MOST_TURNS} turns at ${this.#time} ms without a pause.`,
    );
  };

  /** Lets time pass, with every timer at its time and all that follows from it. */
  readonly advance = async (milliseconds: number): Promise<void> => {
    const end = this.#time + milliseconds;
    await this.settle();
    for (let [timer] = this.#timers; timer !== undefined && timer.at <= end; [timer] = this.#timers) {
      this.#time = Math.max(this.#time, timer.at);
      // Everything has come to rest, so this is what happens next.
      this.#run(timer);
      await this.settle();
    }
    this.#time = end;
  };

  /** Waits until no promise has anything left to do. */
  #rest(): Promise<void> {
    return new Promise<void>(this.#nextTurn);
  }

  #run(timer: Timer): void {
    const index = this.#timers.indexOf(timer);
    // A task that ran in this turn may have cancelled it.
    if (index === -1) return;
    this.#timers.splice(index, 1);
    timer.task();
  }
}

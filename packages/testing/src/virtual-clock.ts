import { setImmediate } from "node:timers";

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** Turns of the event loop in which somebody still has something to do; more of them without any time passing is no rest to come. */
const MOST_TURNS = 10_000;

export interface VirtualClockOptions {
  /** The time of day at the beginning, in milliseconds since 1970. @default the first of January 2026 */
  readonly day?: number;
  /** Runs `next` when no promise has anything left to do. @default setImmediate: a turn of the runtime's event loop */
  readonly turn?: (next: () => void) => void;
}

/**
 * Time that passes only when it is told to: what hub and clients take as their `clock`. Whatever promises there are have settled
 * when it says so; nothing may wait for real I/O.
 */
export class VirtualClock {
  /** What timers go by: milliseconds since the clock was made. */
  #time = 0;
  /** The time of day at the beginning. */
  #day: number;
  #timers: Timer[] = [];
  #deferred: (() => void)[] = [];
  readonly #turn: (next: () => void) => void;

  constructor({ day = Date.UTC(2026, 0, 1), turn = (next) => void setImmediate(next) }: VirtualClockOptions = {}) {
    this.#day = day;
    this.#turn = turn;
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

  setTimeout(task: () => void, milliseconds: number): () => void {
    const timer = { at: this.#time + Math.max(0, milliseconds), task };
    // Kept in order; timers of the same moment run in the order in which they were set.
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1]?.at ?? 0) > timer.at) index--;
    this.#timers.splice(index, 0, timer);
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found !== -1) this.#timers.splice(found, 1);
    };
  }

  defer(task: () => void): void {
    this.#deferred.push(task);
  }

  /** Sets the time of day: clocks do jump, and no timer notices. */
  jump(milliseconds: number): void {
    this.#day += milliseconds;
  }

  /** Runs what needs no time, until nothing does. @throws Error when that does not end */
  async settle(): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      await new Promise<void>(this.#turn);
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const task of deferred) task();
      const [timer] = this.#timers;
      if (timer !== undefined && timer.at <= this.#time) this.#run(timer);
      else if (deferred.length === 0) return;
    }
    throw new Error(
      `Expected everything to come to rest, got ${MOST_TURNS} turns at ${this.#time} ms without a pause.`,
    );
  }

  /** Lets time pass, with every timer at its time and all that follows from it. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#time + milliseconds;
    await this.settle();
    for (let [timer] = this.#timers; timer !== undefined && timer.at <= end; [timer] = this.#timers) {
      this.#time = timer.at;
      // Everything has come to rest, so this is what happens next.
      this.#run(timer);
      await this.settle();
    }
    this.#time = end;
  }

  #run(timer: Timer): void {
    this.#timers.shift();
    timer.task();
  }
}

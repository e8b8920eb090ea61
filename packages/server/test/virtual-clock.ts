import type { Clock } from "@tidings/protocol/clock";

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** Time that stands still until it is moved, and turns of an event loop that nothing else shares. */
export class VirtualClock implements Clock {
  /** What timers go by. */
  #time = 0;
  /** The time of day at the beginning. */
  #day = Date.UTC(2026, 0, 1);
  #timers: Timer[] = [];
  #deferred: (() => void)[] = [];

  readonly now = (): number => this.#day + this.#time;

  readonly monotonic = (): number => this.#time;

  /** Timers that have not run. */
  get timers(): number {
    return this.#timers.length;
  }

  setTimeout(task: () => void, milliseconds: number): () => void {
    const timer: Timer = { at: this.#time + milliseconds, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  defer(task: () => void): void {
    this.#deferred.push(task);
  }

  /** Sets the time of day: clocks do jump, and no timer notices. */
  jump(milliseconds: number): void {
    this.#day += milliseconds;
  }

  /** Runs what is ready, until nothing is. */
  async settle(): Promise<void> {
    do await this.turn();
    while (this.#deferred.length > 0);
  }

  /** Runs what is ready in one turn of the event loop. */
  async turn(): Promise<void> {
    for (const task of this.#deferred.splice(0)) task();
    // Whatever promises are settled have run by then: nothing here waits for I/O.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }

  /** Lets time pass, with every timer at its time. */
  async advance(milliseconds: number): Promise<void> {
    await this.settle();
    const end = this.#time + milliseconds;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      const due = timer;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#time = Math.max(this.#time, due.at);
      due.task();
      await this.settle();
    }
    this.#time = end;
    await this.settle();
  }

  #next(end: number): Timer | undefined {
    return this.#timers.filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0];
  }
}

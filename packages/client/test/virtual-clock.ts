import type { Clock } from "@tidings/protocol/clock";

/** Time that passes only when a test says so. */
export class VirtualClock implements Clock {
  #now = 1_000_000;
  /** What the wall clock shows besides. */
  #offset = 0;
  #timers: { readonly at: number; readonly task: () => void }[] = [];

  now(): number {
    return this.#now + this.#offset;
  }

  monotonic(): number {
    return this.#now;
  }

  defer(task: () => void): void {
    this.setTimeout(task, 0);
  }

  setTimeout(task: () => void, milliseconds: number): () => void {
    // As the platform does it: what is too long fires at once.
    const timer = { at: this.#now + (milliseconds > 2 ** 31 - 1 ? 1 : milliseconds), task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers are pending: none may be left of what has ended. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Runs what is due in the next milliseconds, in order, and all that follows from it. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const next = this.#timers.reduce<{ at: number; task: () => void } | null>(
        (first, timer) => (timer.at <= end && (first === null || timer.at < first.at) ? timer : first),
        null,
      );
      if (next === null) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.task();
      await settle();
    }
    this.#now = end;
  }

  /** Sets the wall clock, and no timer notices. */
  jump(milliseconds: number): void {
    this.#offset += milliseconds;
  }

  /** The machine sleeps: the wall clock goes on, no timer runs; those that are late run when it wakes. */
  sleep(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

/** Lets everything happen that waits for no time: the client and the fake server know of nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await Promise.resolve();
}

import type { Clock } from "@tidings/server";
import type { VirtualClock } from "@tidings/testing";

/** Milliseconds that one kind of work may take of a turn of the event loop. */
const SHARE = 5;

/**
 * What one process sees of the world's `VirtualClock`, which all processes share. Its timers end with the process, and
 * the pending ones can be counted.
 */
export class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #drag: number;
  readonly #onBusy: () => void;
  readonly #timers = new Set<() => void>();
  /** Milliseconds that this turn of the event loop has taken. */
  #taken = 0;
  #isDead = false;

  /**
   * @param drag milliseconds that pass with every read of the clock, until the turn ends
   * @param onBusy called when a turn takes longer than the share of one kind of work
   */
  constructor(clock: VirtualClock, drag: number, onBusy: () => void) {
    this.#clock = clock;
    this.#drag = drag;
    this.#onBusy = onBusy;
  }

  get pending(): number {
    return this.#timers.size;
  }

  readonly now = (): number => {
    if (this.#drag > 0) {
      const before = this.#taken;
      this.#taken += this.#drag;
      if (before < SHARE && this.#taken >= SHARE) this.#onBusy();
    }
    return this.#clock.now() + this.#taken;
  };

  readonly monotonic = (): number => this.#clock.monotonic() + this.#taken;

  setTimeout(task: () => void, milliseconds: number): () => void {
    if (this.#isDead) return () => {};
    const cancel = this.#clock.setTimeout(() => {
      this.#timers.delete(end);
      this.#taken = 0;
      task();
    }, milliseconds);
    const end = (): void => {
      this.#timers.delete(end);
      cancel();
    };
    this.#timers.add(end);
    return end;
  }

  defer(task: () => void): void {
    if (this.#isDead) return;
    this.#clock.defer(() => {
      this.#taken = 0;
      if (!this.#isDead) task();
    });
  }

  kill(): void {
    this.#isDead = true;
    for (const cancel of [...this.#timers]) cancel();
  }
}

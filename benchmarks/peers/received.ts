import { setTimeout } from "node:timers/promises";
import type { Message, ReaderHandlers } from "./peer.ts";

/** A range of message numbers. Both ends belong to it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Counts everything that one reader receives. */
export class Received implements ReaderHandlers {
  /** How often each message has arrived, by its number. */
  readonly #arrivals = new Map<number, number>();
  readonly #notices: string[] = [];
  #newest = 0;
  #disordered = 0;

  onMessage({ n }: Message): void {
    const arrivals = this.#arrivals.get(n) ?? 0;
    this.#arrivals.set(n, arrivals + 1);
    const isFirstArrival = arrivals === 0;
    if (isFirstArrival && n < this.#newest) this.#disordered++;
    this.#newest = Math.max(this.#newest, n);
  }

  onNotice(notice: string): void {
    this.#notices.push(notice);
  }

  /** Waits for a message with this number or a larger one. Resolves with false after the time, in milliseconds. */
  async reaches(n: number, time: number): Promise<boolean> {
    const stop = performance.now() + time;
    while (this.#newest < n) {
      if (performance.now() >= stop) return false;
      await setTimeout(5);
    }
    return true;
  }

  /** The number of messages whose first arrival came after that of a larger number. */
  get disordered(): number {
    return this.#disordered;
  }

  /** What the library has reported, in its own words, each notice once. Empty if it has reported nothing. */
  get notices(): string {
    return [...new Set(this.#notices)].join(", ");
  }

  /** Returns how many different messages of the range have arrived. */
  count({ from, to }: Range): number {
    return [...this.#arrivals.keys()].filter((n) => n >= from && n <= to).length;
  }

  /** The number of arrivals of messages that had already arrived. */
  get repeated(): number {
    return [...this.#arrivals.values()].reduce((sum, arrivals) => sum + arrivals - 1, 0);
  }
}

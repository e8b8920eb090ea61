import { setTimeout } from "node:timers/promises";
import type { Ear, Message } from "./peer.ts";

/** The numbers of messages, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Everything one reader has heard. */
export class Received implements Ear {
  readonly #times = new Map<number, number>();
  readonly #notices: string[] = [];
  #newest = 0;
  #disordered = 0;

  message({ n }: Message): void {
    const times = this.#times.get(n) ?? 0;
    this.#times.set(n, times + 1);
    if (times === 0 && n < this.#newest) this.#disordered++;
    this.#newest = Math.max(this.#newest, n);
  }

  told(how: string): void {
    this.#notices.push(how);
  }

  /** Waits for this number or a larger one, for so many milliseconds at most. */
  async reaches(n: number, time: number): Promise<boolean> {
    for (const stop = performance.now() + time; this.#newest < n; await setTimeout(5))
      if (performance.now() >= stop) return false;
    return true;
  }

  /** First arrivals that came after a larger number. */
  get disordered(): number {
    return this.#disordered;
  }

  /** How the library said that something is missing, in its own words, each once. */
  get notices(): string {
    return [...new Set(this.#notices)].join(", ");
  }

  /** How many different messages of the range have arrived. */
  count({ from, to }: Range): number {
    return [...this.#times.keys()].filter((n) => n >= from && n <= to).length;
  }

  /** Arrivals of messages that had arrived before. */
  get repeated(): number {
    return [...this.#times.values()].reduce((sum, times) => sum + times - 1, 0);
  }
}

import type { Cursor } from "@tidings/protocol";
import type { Entry, EventLog, Hole } from "../event-log.ts";
import { WIDE } from "./reading.ts";

/** Reads every channel of a log, page after page, while others append. */
export class Follower {
  readonly entries: Entry[] = [];
  readonly holes: Hole[] = [];
  readonly #log: EventLog;
  readonly #following: Promise<void>;
  /** Where it ends; null while it goes on. */
  #end: Cursor | null = null;

  constructor(log: EventLog, start: Cursor) {
    this.#log = log;
    this.#following = this.#follow(start);
    // A law may fail before it waits for this.
    this.#following.catch(() => {});
  }

  /** Reads on until it has reached a position. */
  async reach(end: Cursor): Promise<void> {
    this.#end = end;
    await this.#following;
  }

  async #follow(start: Cursor): Promise<void> {
    for (let next = start; this.#end === null || next.seq < this.#end.seq;) {
      const page = await this.#log.read(next, null, WIDE);
      this.entries.push(...page.entries);
      this.holes.push(...page.holes);
      next = page.next;
      // A log that answers at once would leave no turn to those who append.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}

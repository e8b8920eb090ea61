import type { Item } from "../src/state/item.ts";
import { toPosition } from "../src/state/position.ts";
import { assertLaw, assertSame } from "./model.ts";

/** A consumer that knows what it is owed: each event once and in order, or a gap before what is newer. */
export class OwedConsumer {
  /** For how many items it has room. */
  room = 1;
  /** Up to here, it has all there was. Null before the beginning. */
  #seen: number | null = null;
  /** Whether it was told since of something that is lost. */
  #isTold = false;
  readonly #wantsState: boolean;
  readonly #own: (after: number, upTo: number) => readonly number[];

  /** @param own the numbers of the events between two positions, also of those that are gone */
  constructor(wantsState: boolean, own: (after: number, upTo: number) => readonly number[]) {
    this.#wantsState = wantsState;
    this.#own = own;
  }

  /** What lies before the beginning, it is not owed. */
  begin(at: number): void {
    this.#seen ??= at;
  }

  /** @returns whether it had room */
  take(item: Item, trimmed: number): boolean {
    if (item.kind === "state") {
      this.#goOn(toPosition(item.cursor)?.seq ?? null);
      return true;
    }
    if (this.room === 0) return false;
    const seq = item.position?.seq ?? 0;
    assertLaw("after a gap, a state comes before all events", !this.#wantsState || !this.#isTold);
    assertLaw("each event comes once, and in order", this.#seen === null || seq > this.#seen);
    this.expectTold(seq - 1, trimmed);
    this.room -= 1;
    this.#goOn(seq);
    return true;
  }

  #goOn(seen: number | null): void {
    this.#seen = seen;
    this.#isTold = false;
  }

  /** Something is lost. */
  tell(): void {
    this.#isTold = true;
  }

  /** Up to here, it has all events, or was told that some are lost. */
  expectTold(upTo: number, trimmed: number): void {
    const missing = this.#own(this.#seen ?? upTo, upTo);
    const kept = missing.filter((seq) => seq > trimmed || !this.#isTold);
    assertSame("what was left out without a gap", kept, []);
  }
}

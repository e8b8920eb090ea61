import type { Item } from "../src/state/item.ts";
import { toPosition } from "../src/state/position.ts";
import { assertLaw, assertSame } from "./model.ts";

/** A consumer that knows what it is owed: each event once and in order, or a gap before what is newer. */
export class OwedConsumer {
  /** For how many items it has room. */
  room = 1;
  /** Up to here, it has all there was. Null before the beginning. */
  #seen: number | null = null;
  /** Whether a gap has come since then. */
  #hasGap = false;
  readonly #wantsState: boolean;
  readonly #own: (after: number, upTo: number) => readonly number[];

  /** @param own the numbers of the events between two positions, also of those that are gone */
  constructor(wantsState: boolean, own: (after: number, upTo: number) => readonly number[]) {
    this.#wantsState = wantsState;
    this.#own = own;
  }

  /** It is not owed what lies before the beginning. */
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
    assertLaw("after a gap, a state comes before all events", !this.#wantsState || !this.#hasGap);
    assertLaw("each event comes once, and in order", this.#seen === null || seq > this.#seen);
    this.expectAll(seq - 1, trimmed);
    this.room -= 1;
    this.#goOn(seq);
    return true;
  }

  #goOn(seen: number | null): void {
    this.#seen = seen;
    this.#hasGap = false;
  }

  /** A gap: something is lost. */
  noteGap(): void {
    this.#hasGap = true;
  }

  /** It has all events up to here, or a gap instead of them. */
  expectAll(upTo: number, trimmed: number): void {
    const missing = this.#own(this.#seen ?? upTo, upTo);
    const kept = missing.filter((seq) => seq > trimmed || !this.#hasGap);
    assertSame("what was left out without a gap", kept, []);
  }
}

import { isAfter, type Position } from "../state/position.ts";

/** Milliseconds for which a volatile event is owed: PROTOCOL.md, section 5.4. */
export const VOLATILE_AGE = 5_000;
/** How many events without an id are remembered, and how many characters each may have. What is more may come twice. */
const MOST_REMEMBERED = 100;
const MOST_CHARACTERS = 4_096;

/**
 * Tells which events without an id two streams bring both. The next stream begins where the one before stood when it
 * was asked for, so for a while it brings what that one has brought since.
 */
export class Overlap {
  /** The stream before has brought everything up to here. */
  #until: Position | null = null;
  /** The last id that the stream has brought. */
  #last: Position | null = null;
  /** What has come since that id, and when. */
  #brought: readonly { readonly text: string; readonly at: number }[] = [];
  /** What of it may come again, in this order. */
  #expected: readonly string[] = [];

  /** The next stream goes on. @param handled how far the one before has come @param now in milliseconds since 1970 */
  begin(handled: Position | null, now: number): void {
    this.#until = handled;
    this.#stand(handled);
    this.#brought = this.#brought.filter(({ at }) => Math.abs(now - at) <= VOLATILE_AGE);
    this.#expected = this.#brought.map(({ text }) => text);
  }

  /** Whether the stream before has brought an event, too. @param handled how far this one has come */
  has(text: string, handled: Position | null, now: number): boolean {
    if (isAfter(this.#until, handled)) {
      return true;
    }
    this.#stand(handled);
    const index = this.#expected.indexOf(text);
    if (index !== -1) {
      this.#expected = this.#expected.slice(index + 1);
      return true;
    }
    // Both bring the same order: from here on, all is new.
    this.#expected = [];
    if (text.length <= MOST_CHARACTERS) {
      this.#brought = [...this.#brought.slice(1 - MOST_REMEMBERED), { text, at: now }];
    }
    return false;
  }

  /** What came before an id is not brought by a stream that begins there. */
  #stand(at: Position | null): void {
    if (this.#last?.token !== at?.token) {
      this.#last = at;
      this.#brought = [];
      this.#expected = [];
    }
  }
}

import { covers } from "@tidings/protocol";
import { toPosition } from "../state/position.ts";
import type { Want } from "./message.ts";

/** The most paths of one stream: PROTOCOL.md, section 4. */
const MOST_PATHS = 100;
/** How many entries the feed begins before the newest position that a tab has. What is older comes by pages. */
const MOST_BEHIND = 1_000;
/** Milliseconds without a word, after which a tab is taken for gone. Hidden tabs may run once a minute only. */
const FORGET = 150_000;

/** What the leader knows of a stream that a tab wants. */
interface KnownWant extends Omit<Want, "paths"> {
  /** The tab. */
  readonly from: string;
  paths: readonly string[];
  /** When something was heard of its tab, in milliseconds since 1970. */
  lastHeard: number;
  /** Whether it was told where the feed starts. */
  isServed: boolean;
}

/** What all tabs want. */
export class Wants {
  readonly #wants = new Map<string, KnownWant>();

  get size(): number {
    return this.#wants.size;
  }

  get streams(): readonly string[] {
    return [...this.#wants.keys()];
  }

  /** Those that were not told where a feed starts. */
  get waiting(): readonly KnownWant[] {
    return [...this.#wants.values()].filter(({ isServed }) => !isServed);
  }

  add(from: string, want: Want, now: number): void {
    this.#wants.set(want.stream, { ...want, from, lastHeard: now, isServed: false });
  }

  remove(stream: string): void {
    this.#wants.delete(stream);
  }

  clear(): void {
    this.#wants.clear();
  }

  /** A tab says which streams it has. Tabs of which nothing was heard for long are gone. */
  onPing(from: string, streams: readonly string[], now: number): void {
    for (const want of [...this.#wants.values()]) {
      if (want.from === from && streams.includes(want.stream)) {
        want.lastHeard = now;
      } else if (want.from === from || now - want.lastHeard > FORGET) {
        this.#wants.delete(want.stream);
      }
    }
  }

  /**
   * The paths that one stream can have. Wants are taken as a whole, in their order; those that do not fit are left
   * over.
   */
  unite(): { readonly paths: ReadonlySet<string>; readonly leftOver: readonly string[] } {
    let paths = new Set<string>();
    const leftOver: string[] = [];
    for (const want of this.#wants.values()) {
      const both = new Set([...paths, ...want.paths]);
      if (both.size > MOST_PATHS) {
        leftOver.push(want.stream);
      } else {
        paths = both;
      }
    }
    return { paths, leftOver };
  }

  /**
   * Where a feed begins that follows no other one: early enough for tabs that were away for a moment. Null: now.
   * Positions of other epochs cannot be compared, so those tabs ask for pages.
   */
  earliest(): string | null {
    const positions = [...this.#wants.values()].flatMap(({ after }) => toPosition(after) ?? []);
    const [first] = positions;
    const newest = positions.reduce((last, each) => (covers(each, last) ? each : last), first ?? null);
    const near = positions.filter((each) => covers(newest, each) && (newest?.seq ?? 0) - each.seq <= MOST_BEHIND);
    return near.reduce((earlier, each) => (covers(earlier, each) ? each : earlier), newest)?.token ?? null;
  }

  /** The feed has changed. @param isServed whether the tab of a want has been told where the new one starts */
  serve(isServed: (want: KnownWant) => boolean): void {
    for (const want of this.#wants.values()) {
      want.isServed = isServed(want);
    }
  }

  /** The feed does not ask for paths that the server refuses, until a tab wants them again. */
  leaveOut(refused: readonly unknown[]): void {
    for (const want of this.#wants.values()) {
      want.paths = want.paths.filter((path) => !refused.includes(path));
    }
  }

  /** Their streams have ended. */
  forgetServed(): void {
    for (const { stream, isServed } of [...this.#wants.values()]) {
      if (isServed) {
        this.#wants.delete(stream);
      }
    }
  }
}

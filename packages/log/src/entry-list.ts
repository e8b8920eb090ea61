import type { Entry } from "./event-log.ts";

/** Where an entry is listed: withdrawals apart from the values, since retention drops them. */
export type Kind = "reliable" | "latest" | "cleared" | "volatile";

/** An entry's place in memory: it stands in a list of its channel and in one of the whole log, and is dropped from both at once. */
export interface Stored {
  readonly seq: number;
  readonly kind: Kind;
  /** How long the entry is owed, in milliseconds; `Infinity` for as long as it is kept. */
  readonly lifetime: number;
  /** Null once dropped: a list that is not swept yet holds the place, never the data. */
  entry: Entry | null;
}

/** A place whose entry was not dropped. */
export type Kept = Stored & { readonly entry: Entry };

function isKept(stored: Stored | undefined): stored is Kept {
  return stored !== undefined && stored.entry !== null;
}

/** Fewer dropped places than this are not worth a sweep. */
const SWEEP = 32;

/**
 * Entries in `seq` order. The places of dropped ones are swept out when they outnumber the others, so that dropping costs
 * O(1) amortised wherever the entry stands.
 */
export class EntryList {
  #places: Stored[] = [];
  /** Everything before this index is dropped. */
  #first = 0;
  #dropped = 0;

  get size(): number {
    return this.#places.length - this.#dropped;
  }

  push(stored: Stored): void {
    this.#places.push(stored);
  }

  /** Tells the list that one of its entries was dropped. */
  noteDrop(): void {
    this.#dropped++;
    if (this.#dropped > SWEEP && this.#dropped > this.#places.length / 2) {
      this.#places = this.kept();
      this.#first = 0;
      this.#dropped = 0;
    }
  }

  kept(): Kept[] {
    return this.#places.filter(isKept);
  }

  oldest(): Kept | undefined {
    for (; this.#first < this.#places.length; this.#first++) {
      const stored = this.#places[this.#first];
      if (isKept(stored)) return stored;
    }
    return undefined;
  }

  /** Walks forwards from the first entry after a position. The list must not change meanwhile. */
  after(seq: number): Walk {
    return new Walk(this.#places, this.#indexAfter(seq), 1);
  }

  /** Walks backwards from the last entry before a position. The list must not change meanwhile. */
  before(seq: number): Walk {
    return new Walk(this.#places, this.#indexAfter(seq - 1) - 1, -1);
  }

  #indexAfter(seq: number): number {
    let low = this.#first;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The entries of a list one after the other. No generator: this runs once for every entry that is read. */
export class Walk {
  readonly #places: readonly Stored[];
  readonly #step: 1 | -1;
  #index: number;
  /** Where the walk has come to; undefined at its end. */
  stored: Kept | undefined;
  /** `seq` on the way forwards, `-seq` backwards: of two walks, the one with the smaller rank goes first. `Infinity` at the end. */
  rank = Infinity;

  constructor(places: readonly Stored[], index: number, step: 1 | -1) {
    this.#places = places;
    this.#step = step;
    this.#index = index - step;
    this.advance();
  }

  advance(): void {
    let stored: Stored | undefined;
    do stored = this.#places[(this.#index += this.#step)];
    while (stored?.entry === null);
    this.stored = isKept(stored) ? stored : undefined;
    this.rank = stored === undefined ? Infinity : stored.seq * this.#step;
  }
}

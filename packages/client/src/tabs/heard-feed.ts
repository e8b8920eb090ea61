/** What a tab hears of a feed: its blocks have numbers, so that a lost one is noticed. */
export class HeardFeed {
  readonly id: string;
  /** The number of the last block that was heard. */
  #count: number;

  constructor(id: string, count: number) {
    this.id = id;
    this.#count = count;
  }

  /** Whether a block is the next one, was heard before, or comes after one that is missing. */
  hear(count: number): "next" | "old" | "late" {
    if (count <= this.#count) {
      return "old";
    }
    if (count > this.#count + 1) {
      return "late";
    }
    this.#count = count;
    return "next";
  }

  /** Whether the leader has said all that was heard, and nothing else. */
  isUpToDate(feed: string | null, count: number): boolean {
    return feed === this.id && count <= this.#count;
  }
}

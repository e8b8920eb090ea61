/** The events of one address that were published, in their order. */
export class PublishedList {
  #next = 0;
  readonly #kept: number;
  /** The first event of the log that is used now. */
  firstOfLog = 0;

  constructor(kept: number) {
    this.#kept = kept;
  }

  /** The number of the next event. */
  get next(): number {
    return this.#next;
  }

  /** The next event was published. */
  add(): void {
    this.#next++;
  }

  /** Whether the log does not have all that it ever had. */
  get hasLoss(): boolean {
    return this.#next - this.firstOfLog > this.#kept;
  }
}

/** All that was published. */
export class Published {
  readonly #kept: number;
  readonly #lists = new Map<string, PublishedList>();

  /** @param kept how many events of an address the log keeps */
  constructor(kept: number) {
    this.#kept = kept;
  }

  of(path: string): PublishedList {
    const list = this.#lists.get(path) ?? new PublishedList(this.#kept);
    this.#lists.set(path, list);
    return list;
  }

  onReplaced(): void {
    for (const list of this.#lists.values()) list.firstOfLog = list.next;
  }
}

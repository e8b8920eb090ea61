import type { Cursor } from "@tidings/protocol";

/** One lifetime of a log. */
export interface KnownEpoch {
  readonly epoch: string;
  /** The `seq` of its first entry. */
  readonly first: number;
}

/**
 * The epochs of a log whose storage is elsewhere, as this process has read them. An epoch that has begun never changes,
 * so they are read again only when the storage names one that is not known.
 */
export class KnownEpochs {
  readonly #load: () => Promise<readonly KnownEpoch[]>;
  #epochs: readonly KnownEpoch[] = [];

  /**
   * @param load reads all epochs, in the order in which they began. Two of them have the same `first` if the earlier
   *   one got no entry
   */
  constructor(load: () => Promise<readonly KnownEpoch[]>) {
    this.#load = load;
  }

  /**
   * Reads the epochs again if one is not known. After a failover, the storage may lack epochs that it had, so they
   * replace what is known.
   *
   * @param running the running epoch of the state that the positions belong to
   */
  async know(running: string): Promise<void> {
    if (this.#epochs.some(({ epoch }) => epoch === running)) return;
    this.#epochs = await this.#load();
  }

  /** The cursor of a `seq`, with the epoch that the `seq` belongs to. */
  cursorAt(seq: number): Cursor {
    // 0 is the position before the first entry. The oldest epoch takes the place of those that are forgotten.
    const begun = this.#epochs.findLast(({ first }) => first <= Math.max(seq, 1));
    const { epoch } = begun ?? this.#epochs[0] ?? { epoch: "" };
    return { epoch, seq };
  }
}

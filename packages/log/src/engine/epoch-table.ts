import type { Cursor } from "@tidings/protocol";

/** One lifetime of a log. */
export interface KnownEpoch {
  readonly epoch: string;
  /** The `seq` of its first entry. */
  readonly first: number;
  /** The last `seq` that is valid in it. @default the head: it runs, or the storage decides */
  readonly end?: number;
}

/** The epochs of a log, in the order in which they began. Two have the same `first` if the earlier got no entry. */
export class EpochTable {
  readonly #epochs: readonly KnownEpoch[];

  constructor(epochs: readonly KnownEpoch[]) {
    this.#epochs = epochs;
  }

  has(epoch: string): boolean {
    return this.#epochs.some((each) => each.epoch === epoch);
  }

  /** The cursor of a `seq`, with the epoch that the `seq` belongs to. */
  cursorAt(seq: number): Cursor {
    // 0 is the position before the first entry. The oldest epoch takes the place of those that are forgotten.
    const begun = this.#epochs.findLast(({ first }) => first <= Math.max(seq, 1));
    const { epoch } = begun ?? this.#epochs[0] ?? { epoch: "" };
    return { epoch, seq };
  }

  /** The cursor of the head, in the running epoch. Without an entry in it, it is the position before its first. */
  headAt(seq: number): Cursor {
    return { epoch: this.#epochs.at(-1)?.epoch ?? "", seq };
  }

  /** Why a position is invalid (law 4); null if it is valid. */
  invalidity({ epoch, seq }: Cursor, head: number): "reset" | "lost" | null {
    const match = this.#epochs.find((each) => each.epoch === epoch);
    if (match === undefined) return "reset";
    return seq > Math.min(match.end ?? head, head) ? "lost" : null;
  }
}

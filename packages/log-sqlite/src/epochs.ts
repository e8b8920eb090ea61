import type { Cursor } from "@tidings/protocol";
import type { LogFile } from "./log-file.ts";

interface Epoch {
  readonly epoch: string;
  readonly first: number;
  /** The last `seq` that counts; Infinity while the epoch runs. */
  readonly end: number;
}

/** The log's lifetimes, as one handle sees them. Few: one per restored copy of the file. */
export class Epochs {
  readonly #file: LogFile;
  #epochs: readonly Epoch[] = [];

  constructor(file: LogFile) {
    this.#file = file;
  }

  /** Looks again; to be called inside the transaction that then uses the answers. */
  refresh(): void {
    // In the order in which they began: two of them begin at one place when the former got no entry.
    const rows = this.#file.prepare('select epoch, first, "end" from tidings_epoch order by number').all();
    this.#epochs = rows.map((row) => ({
      epoch: String(row["epoch"]),
      first: Number(row["first"]),
      end: row["end"] === null ? Infinity : Number(row["end"]),
    }));
  }

  /** The cursor of a `seq`, in the epoch that it belongs to. */
  cursorAt(seq: number): Cursor {
    // Zero is before the first entry of the first epoch.
    const { epoch } = this.#epochs.findLast(({ first }) => first <= Math.max(seq, 1)) ?? { epoch: "" };
    return { epoch, seq };
  }

  /** What is wrong with a position, or null. */
  invalidity({ epoch, seq }: Cursor, head: number): "reset" | "lost" | null {
    const known = this.#epochs.find((each) => each.epoch === epoch);
    if (known === undefined) return "reset";
    return seq > Math.min(known.end, head) ? "lost" : null;
  }

  /** The position at the head, in the running epoch: of an epoch without entries it is the one before its first. */
  head(seq: number): Cursor {
    return { epoch: this.#epochs.at(-1)?.epoch ?? "", seq };
  }
}

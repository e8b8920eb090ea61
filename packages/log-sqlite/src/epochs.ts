import type { Cursor } from "@tidings/protocol";
import type { LogFile } from "./log-file.ts";

interface Epoch {
  readonly epoch: string;
  readonly first: number;
  /** The last valid `seq`; Infinity while the epoch runs. */
  readonly end: number;
}

/** The epochs of the log, as one handle sees them. One begins after a crash of the machine, or for a restored copy. */
export class Epochs {
  readonly #file: LogFile;
  #epochs: readonly Epoch[] = [];
  /** The number of the newest epoch that was read. Only a new epoch changes an earlier one. */
  #newest = 0;

  constructor(file: LogFile) {
    this.#file = file;
  }

  /** Reads the epochs again. Call it inside the transaction that uses the answers. */
  refresh(): void {
    const newest = Number(this.#file.prepare("select max(number) as number from tidings_epoch").get()?.["number"]);
    if (newest === this.#newest) return;
    this.#newest = newest;
    // In the order in which they began. Two epochs have the same `first` if the earlier one got no entry.
    const rows = this.#file.prepare('select epoch, first, "end" from tidings_epoch order by number').all();
    this.#epochs = rows.map((row) => ({
      epoch: String(row["epoch"]),
      first: Number(row["first"]),
      end: row["end"] === null ? Infinity : Number(row["end"]),
    }));
  }

  /** The cursor of a `seq`, with the epoch that the `seq` belongs to. */
  cursorAt(seq: number): Cursor {
    // 0 is the position before the first entry of the first epoch.
    const { epoch } = this.#epochs.findLast(({ first }) => first <= Math.max(seq, 1)) ?? { epoch: "" };
    return { epoch, seq };
  }

  /** Why a position is invalid; null if it is valid. */
  invalidity({ epoch, seq }: Cursor, head: number): "reset" | "lost" | null {
    const match = this.#epochs.find((each) => each.epoch === epoch);
    if (match === undefined) return "reset";
    return seq > Math.min(match.end, head) ? "lost" : null;
  }

  /** The cursor of the head, in the running epoch. Without an entry in it, it is the position before its first. */
  head(seq: number): Cursor {
    return { epoch: this.#epochs.at(-1)?.epoch ?? "", seq };
  }
}

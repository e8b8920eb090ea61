import { EpochTable } from "@tidings/log/engine";
import type { LogFile } from "./log-file.ts";

/** The number of the newest epoch, as a part of a statement. */
export const NEWEST_EPOCH = "(select max(number) from tidings_epoch)";

/** The epochs of the log, as one handle sees them. One begins after a crash of the machine, or for a restored copy. */
export class Epochs {
  readonly #file: LogFile;
  /** The number of the newest epoch that was read. Only a new epoch changes an earlier one. */
  #newest = 0;
  /** What was read at the last refresh. */
  table = new EpochTable([]);

  constructor(file: LogFile) {
    this.#file = file;
  }

  /** Reads the epochs again. Call it inside the transaction that uses them. */
  refresh(): void {
    this.update(Number(this.#file.prepare(`select ${NEWEST_EPOCH} as number`).get()?.["number"]));
  }

  /** The same, where the number of the newest epoch was read already. */
  update(newest: number): void {
    if (newest === this.#newest) return;
    this.#newest = newest;
    const rows = this.#file.prepare('select epoch, first, "end" from tidings_epoch order by number').all();
    this.table = new EpochTable(
      rows.map((row) => ({
        epoch: String(row["epoch"]),
        first: Number(row["first"]),
        end: row["end"] === null ? Infinity : Number(row["end"]),
      })),
    );
  }
}

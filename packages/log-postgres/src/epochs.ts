import type { Cursor } from "@tidings/protocol";
import type { Database } from "./database.ts";

interface Epoch {
  readonly epoch: string;
  readonly first: number;
}

/** The epochs of the log, as this process has read them. An epoch that has begun never changes. */
export class Epochs {
  readonly #database: Database;
  #epochs: readonly Epoch[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Reads the epochs again if one is not known. After a failover, the table may lack epochs that it had, so it replaces
   * what is known.
   *
   * @param running the running epoch of the state that the positions belong to
   */
  async know(running: string): Promise<void> {
    if (this.#epochs.some(({ epoch }) => epoch === running)) return;
    // In the order in which they began. Two epochs have the same `first` if the earlier one got no entry.
    const rows = await this.#database.query(
      `select epoch, first from ${this.#database.schema}.epoch order by number`,
      [],
    );
    this.#epochs = rows.map((row) => ({ epoch: String(row["epoch"]), first: Number(row["first"]) }));
  }

  /** The cursor of a `seq`, with the epoch that the `seq` belongs to. */
  cursorAt(seq: number): Cursor {
    // 0 is the position before the first entry of the first epoch.
    const { epoch } = this.#epochs.findLast(({ first }) => first <= Math.max(seq, 1)) ?? { epoch: "" };
    return { epoch, seq };
  }
}

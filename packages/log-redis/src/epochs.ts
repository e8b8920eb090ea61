import type { Cursor } from "@tidings/protocol";
import type { Database } from "./database.ts";
import { LIST_EPOCHS } from "./scripts/read.ts";

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
   * Reads the epochs again if one is not known. After a failover, the list may lack epochs that it had, so it replaces
   * what is known.
   *
   * @param running the running epoch of the state that the positions belong to
   */
  async know(running: string): Promise<void> {
    if (this.#epochs.some(({ epoch }) => epoch === running)) return;
    // The script answers with names and positions in turn. In the order in which they began.
    const list = (await this.#database.read(LIST_EPOCHS, [])) as readonly (string | number)[];
    this.#epochs = Array.from({ length: list.length / 2 }, (_, index) => ({
      epoch: String(list[2 * index]),
      first: Number(list[2 * index + 1]),
    }));
  }

  /** The cursor of a `seq`, with the epoch that the `seq` belongs to. */
  cursorAt(seq: number): Cursor {
    // Of epochs that are forgotten, the oldest one that is known takes the place.
    const { epoch } = this.#epochs.findLast(({ first }) => first <= seq) ?? this.#epochs[0] ?? { epoch: "" };
    return { epoch, seq };
  }
}

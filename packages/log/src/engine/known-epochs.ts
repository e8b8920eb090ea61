import type { Cursor } from "@tidings/protocol";
import { EpochTable, type KnownEpoch } from "./epoch-table.ts";

/**
 * The epochs of a log whose storage is elsewhere, as this process has read them. An epoch that has begun never changes,
 * so they are read again only when the storage names one that is not known.
 */
export class KnownEpochs {
  readonly #load: () => Promise<readonly KnownEpoch[]>;
  #table = new EpochTable([]);

  /** @param load reads all epochs, in the order in which they began */
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
    if (!this.#table.has(running)) this.#table = new EpochTable(await this.#load());
  }

  /** The cursor of a `seq`, with the epoch that the `seq` belongs to. */
  cursorAt(seq: number): Cursor {
    return this.#table.cursorAt(seq);
  }
}

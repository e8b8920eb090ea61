import type { Clock } from "@tidings/protocol/clock";
import type { Appended, NewEntry } from "../event-log.ts";
import { GroupCommit } from "./group-commit.ts";
import type { PendingHeads } from "./pending-heads.ts";

/** A batch that waits to be stored. */
export interface PendingAppend<Encoded> {
  readonly batch: readonly NewEntry[];
  /** The same as the storage takes it. */
  readonly encoded: Encoded;
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What {@link AppendQueue} needs. */
interface AppendQueueNeeds<Encoded> {
  readonly clock: Pick<Clock, "defer">;
  /** Encodes a batch at once. When it throws, the append fails alone. */
  readonly encode: (batch: readonly NewEntry[]) => Encoded;
  /** Which part of one message to the storage a batch takes: 1 is a full one. */
  readonly shareOf: (append: PendingAppend<Encoded>) => number;
  /** What is appended now has to be behind their answers. */
  readonly heads: Pick<PendingHeads, "answered">;
  /**
   * Stores batches together, and settles each of them. Never rejects.
   *
   * @returns the error of those that wait behind them, where each would wait as long in vain; null if they may go on
   */
  readonly store: (appends: readonly PendingAppend<Encoded>[]) => Promise<Error | null>;
}

/** The appends of a log whose storage is on another machine. Those of one turn of the event loop are one message. */
export class AppendQueue<Encoded> {
  readonly #needs: AppendQueueNeeds<Encoded>;
  readonly #queue: GroupCommit<PendingAppend<Encoded>>;

  constructor(needs: AppendQueueNeeds<Encoded>) {
    const { clock, shareOf } = needs;
    this.#needs = needs;
    this.#queue = new GroupCommit({ clock, shareOf, commit: (appends) => this.#store(appends) });
  }

  /** Resolves or rejects as `store` settles it. */
  async append(given: readonly NewEntry[]): Promise<readonly Appended[]> {
    if (given.length === 0) return [];
    // The caller's objects may change until the storage has answered.
    const batch = given.map((entry) => ({ ...entry }));
    const encoded = this.#needs.encode(batch);
    return new Promise((resolve, reject) => {
      this.#queue.add({ batch, encoded, resolve, reject });
    });
  }

  /** Resolves when everything that was requested before is settled. */
  async finish(): Promise<void> {
    await this.#queue.finish();
  }

  async #store(appends: readonly PendingAppend<Encoded>[]): Promise<void> {
    const { heads, store } = this.#needs;
    await heads.answered();
    const obstacle = await store(appends);
    if (obstacle === null) return;
    for (const { reject } of this.#queue.takeWaiting()) reject(obstacle);
  }
}

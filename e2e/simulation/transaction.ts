import type { TransactionalLog } from "@tidings/log";
import type { SqliteTransaction } from "@tidings/log-sqlite";
import type { HubOn } from "@tidings/server";
import type { contract, NumberedPublication } from "./contract.ts";
import type { Counts } from "./coverage.ts";
import type { InsertedEntry } from "./faulty-log.ts";
import { positionOf } from "./position.ts";
import type { Handle } from "./store.ts";
import type { Truth } from "./truth.ts";

interface TransactionWorld {
  readonly truth: Truth;
  readonly clock: { readonly time: number };
  readonly counts: Counts;
  readonly onViolation: (what: string) => void;
}

/** The server process whose application begins a transaction. */
interface TransactionServer {
  readonly hub: Pick<HubOn<typeof contract, TransactionalLog<SqliteTransaction>>, "publishIn">;
  readonly log: { readonly inserted: InsertedEntry[] };
  readonly handle: Handle | null;
  transaction: Transaction | null;
}

/** A transaction of an application on the file that also has the log. It contains rows and events. */
export class Transaction {
  readonly #world: TransactionWorld;
  readonly #server: TransactionServer;
  readonly #handle: Handle;
  /** The newest `seq` when it began. No other process writes until it ends. */
  readonly #head: number;
  /** The events that were published in it. */
  readonly #numbers: number[] = [];

  private constructor(world: TransactionWorld, server: TransactionServer, handle: Handle) {
    this.#world = world;
    this.#server = server;
    this.#handle = handle;
    this.#head = positionOf(handle).seq;
  }

  /** Null where there is no database, and while another process writes. */
  static begin(world: TransactionWorld, server: TransactionServer): Transaction | null {
    const { handle } = server;
    if (handle === null) return null;
    try {
      handle.exec("begin immediate");
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("locked"))) throw error;
      world.counts.add("transaction refused");
      return null;
    }
    return new Transaction(world, server, handle);
  }

  publish({ address, type, data }: NumberedPublication): void {
    const { hub } = this.#server;
    this.#numbers.push(data.n);
    // A publication is one of the three; as one union its parts do not fit the parameters.
    const publishIn = hub.publishIn.bind(hub) as (...event: unknown[]) => Promise<void>;
    publishIn(this.#handle, address, type, data).catch((error: unknown) => {
      this.#world.onViolation(`a transaction takes events: got ${String(error)}`);
    });
  }

  commit(): void {
    const { truth, clock, counts } = this.#world;
    const entries = this.#end("commit");
    const { epoch } = positionOf(this.#handle);
    counts.add("published in a transaction", entries.length);
    for (const [index, { entry, wall }] of entries.entries()) {
      truth.write(entry);
      truth.appended(entry, { epoch, seq: this.#head + 1 + index }, wall, clock.time);
      truth.wrote(entry);
    }
  }

  rollBack(): void {
    const { truth, counts } = this.#world;
    this.#end("rollback");
    counts.add("rolled back", this.#numbers.length);
    for (const n of this.#numbers) truth.rollBack(n);
  }

  #end(how: "commit" | "rollback"): InsertedEntry[] {
    this.#server.transaction = null;
    this.#handle.exec(how);
    return this.#server.log.inserted.splice(0);
  }
}

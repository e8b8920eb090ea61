import type { Publication } from "@tidings/server";
import type { contract } from "./contract.ts";
import type { FaultyLog } from "./faulty-log.ts";
import { positionOf } from "./position.ts";
import type { Server, ServerWorld } from "./server.ts";
import type { Handle } from "./store.ts";

/** A transaction of an application on the file that has the log, too, with rows and events inside of it. */
export class Transaction {
  readonly #world: ServerWorld;
  readonly #server: Server;
  readonly #handle: Handle;
  /** The newest `seq` when it began: until it ends nobody else writes. */
  readonly #head: number;
  /** The events that were published in it. */
  readonly #numbers: number[] = [];

  private constructor(world: ServerWorld, server: Server, handle: Handle) {
    this.#world = world;
    this.#server = server;
    this.#handle = handle;
    this.#head = positionOf(handle).seq;
  }

  /** Null where there is no database, and when somebody else writes. */
  static begin(world: ServerWorld, server: Server): Transaction | null {
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

  publish({ address, type, data }: Publication<typeof contract>): void {
    const { hub } = this.#server;
    this.#numbers.push(data.n);
    // A publication is one of the three; as one union its parts do not fit the parameters.
    const publishIn = hub.publishIn.bind(hub) as (...event: unknown[]) => Promise<void>;
    publishIn(this.#handle, address, type, data).catch((error: unknown) => {
      this.#world.onViolation(`a transaction takes events: it says ${String(error)}`);
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

  #end(how: "commit" | "rollback"): FaultyLog["inserted"] {
    this.#server.transaction = null;
    this.#handle.exec(how);
    return this.#server.log.inserted.splice(0);
  }
}

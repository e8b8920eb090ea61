import type { Contract } from "@tidings/contract";
import type { Entry } from "@tidings/log";
import { authorizeAll, endOf } from "./access.ts";
import type { Clock } from "./clock.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { createGate, type Gate } from "./gate.ts";
import type { HubOptions, Viewer } from "./hub-options.ts";
import { isAbout, parseOrder, type Order } from "./order.ts";
import type { Trace } from "./trace.ts";

/** How many orders are remembered for requests that were authorised before them and are still being answered. */
const REMEMBERED = 1_024;
/** How many rights are asked about at a time, and for how many milliseconds each. */
const RECHECKS = 64;
const RECHECK_TIME = 5_000;

/** Carries orders out on the streams of this process, and knows which ones a request in progress has missed. */
export class Orders {
  readonly #contract: Contract;
  readonly #authorize: HubOptions<Contract, Viewer>["authorize"];
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #trace: Trace;
  readonly #rechecks: Gate;
  readonly #recent: Order[] = [];
  #count = 0;

  constructor(
    contract: Contract,
    authorize: HubOptions<Contract, Viewer>["authorize"],
    connections: Connections,
    clock: Clock,
    trace: Trace,
  ) {
    this.#contract = contract;
    this.#authorize = authorize;
    this.#connections = connections;
    this.#clock = clock;
    this.#trace = trace;
    this.#rechecks = createGate(RECHECKS, RECHECK_TIME, clock);
  }

  /** How many orders have come: what a request notes before it asks who may read. */
  get count(): number {
    return this.#count;
  }

  /** Carries out the orders among new entries of the log. */
  follow(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const order = parseOrder(entry);
      if (order === null) continue;
      this.#count++;
      this.#recent.push(order);
      if (this.#recent.length > REMEMBERED) this.#recent.shift();
      for (const connection of [...this.#connections]) this.#carryOut(order, connection);
    }
  }

  /** Carries out what came between a stream's authorisation and its opening. */
  catchUp(connection: Connection, count: number): void {
    const missed = this.#since(count);
    if (missed === null) connection.end("expired");
    else for (const order of missed) this.#carryOut(order, connection);
  }

  /** Whether an order about the viewer or one of the paths has come since. */
  hasNews(count: number, viewer: string, paths: { has(path: string): boolean }): boolean {
    return this.#since(count)?.some((order) => isAbout(order, viewer, paths)) ?? true;
  }

  /** Null when there were more than are remembered. */
  #since(count: number): readonly Order[] | null {
    const missed = this.#count - count;
    if (missed === 0) return [];
    return missed > this.#recent.length ? null : this.#recent.slice(-missed);
  }

  #carryOut(order: Order, connection: Connection): void {
    if (!isAbout(order, connection.viewer.id, connection.froms)) return;
    if (order.verb === "recheck") void this.#recheck(connection);
    else if (order.path === null) connection.end("expired");
    else connection.refuse([order.path], "forbidden");
  }

  async #recheck(connection: Connection): Promise<void> {
    const { viewer, froms } = connection;
    try {
      const access = await this.#rechecks(async () =>
        authorizeAll(this.#contract, this.#authorize, viewer, froms.keys(), this.#clock.now()),
      );
      connection.refuse([...access.refused.keys()], "forbidden");
      connection.expiresAt = endOf(viewer, access);
    } catch (error) {
      // Whoever cannot be asked about may not read.
      this.#trace.add({ level: "error", event: "hook-failed", connection: connection.id, detail: "authorize", error });
      connection.end("expired");
    }
  }
}

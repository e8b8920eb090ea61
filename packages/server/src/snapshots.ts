import type { Address, Contract } from "@tidings/contract";
import { createEncoder, type Encoder } from "@tidings/contract/encoder";
import type { EventLog } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { Refusal } from "./refusal.ts";
import type { Trace } from "./trace.ts";

/** The state of an address, and a position that was read before it. */
export interface Snapshot {
  readonly cursor: Cursor;
  /** JSON. */
  readonly state: string;
}

type Loader = (params: never, scope: { readonly readableFrom: string | null }) => unknown;

/** Loads states; those who ask for the same one while it loads share the load. */
export class Snapshots {
  readonly #log: EventLog;
  readonly #trace: Trace;
  readonly #loaders: ReadonlyMap<string, { readonly load: Loader; readonly encode: Encoder }>;
  readonly #loading = new Map<string, Promise<Snapshot>>();

  constructor(contract: Contract, loaders: Readonly<Record<string, Loader>>, log: EventLog, trace: Trace) {
    this.#log = log;
    this.#trace = trace;
    this.#loaders = new Map(
      Object.values(contract).flatMap((channel) => {
        const load = Object.hasOwn(loaders, channel.name) ? loaders[channel.name] : undefined;
        if (channel.snapshot === undefined) return [];
        if (load === undefined) {
          throw new TypeError(
            `Expected a snapshot loader for channel "${channel.name}", got none; add it to createHub's "snapshot".`,
          );
        }
        return [[channel.name, { load, encode: createEncoder(channel.snapshot, `${channel.name} snapshot`) }] as const];
      }),
    );
  }

  has(address: Address): boolean {
    return this.#loaders.has(address.name);
  }

  /** @throws Refusal when the application's loader fails, or its state does not fit the contract */
  load(address: Address, readableFrom: string | null): Promise<Snapshot> {
    const name = `${address.path} ${readableFrom ?? ""}`;
    let loading = this.#loading.get(name);
    if (loading === undefined) {
      loading = this.#loadOnce(address, readableFrom).finally(() => this.#loading.delete(name));
      this.#loading.set(name, loading);
    }
    return loading;
  }

  async #loadOnce(address: Address, readableFrom: string | null): Promise<Snapshot> {
    const loader = this.#loaders.get(address.name);
    if (loader === undefined) throw new TypeError(`Expected a channel with a snapshot, got "${address.name}".`);
    // The position first: what is published while the state loads is then told again, never missed.
    const cursor = await this.#log.head();
    try {
      // The loader of a channel takes the params of its addresses.
      const state = await loader.load(address.params as never, { readableFrom });
      return { cursor, state: loader.encode(state) };
    } catch (error) {
      this.#trace.add({ level: "error", event: "hook-failed", detail: "snapshot", channel: address.path, error });
      throw new Refusal(500, "internal");
    }
  }
}

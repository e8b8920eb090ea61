import type { Address } from "@tidings/contract";
import { createEncoder, type Encoder } from "@tidings/contract/encoder";
import type { Cursor } from "@tidings/protocol";
import type { Base } from "./context.ts";
import { Refusal } from "./refusal.ts";

/** The state of an address, and a position that was read before it. */
interface Snapshot {
  readonly path: string;
  readonly cursor: Cursor;
  /** JSON. */
  readonly state: string;
}

type Loader = (params: never, scope: { readonly readableFrom: string | null }) => unknown;

/** Loads states; those who ask for the same one while it loads share the load. */
export class Snapshots {
  readonly #context: Base;
  readonly #loaders = new Map<string, { readonly load: Loader; readonly encode: Encoder }>();
  readonly #loading = new Map<string, Promise<Snapshot>>();

  /** @throws TypeError when a loader is missing */
  constructor(context: Base) {
    this.#context = context;
    const loaders = new Map<string, Loader>(Object.entries(context.options.snapshot ?? {}));
    for (const { name, snapshot } of Object.values(context.contract)) {
      if (snapshot === undefined) continue;
      const load = loaders.get(name);
      if (load === undefined)
        throw new TypeError(`Expected a "snapshot" for channel "${name}" in createHub, got none.`);
      this.#loaders.set(name, { load, encode: createEncoder(snapshot, `${name} snapshot`) });
    }
  }

  has(address: Address): boolean {
    return this.#loaders.has(address.name);
  }

  /** @throws Refusal when the application's loader fails, or its state does not fit the contract */
  load(address: Address, readableFrom: string | null): Promise<Snapshot> {
    const name = `${address.path} ${readableFrom ?? ""}`;
    const load = () => this.#loadOnce(address, readableFrom).finally(() => this.#loading.delete(name));
    const loading = this.#loading.get(name) ?? load();
    this.#loading.set(name, loading);
    return loading;
  }

  async #loadOnce(address: Address, readableFrom: string | null): Promise<Snapshot> {
    const { log, trace } = this.#context;
    const loader = this.#loaders.get(address.name);
    if (loader === undefined) throw new TypeError(`Expected a channel with a snapshot, got "${address.name}".`);
    // The position first: what is published while the state loads is then told again, never missed.
    const cursor = await log.head();
    try {
      // The loader of a channel takes the params of its addresses.
      const state = await loader.load(address.params as never, { readableFrom });
      return { path: address.path, cursor, state: encodeState(loader.encode, state) };
    } catch (error) {
      trace.add("error", "hook-failed", { detail: "snapshot", channel: address.path, error });
      throw new Refusal(500, "internal");
    }
  }
}

/** @throws TypeError that says nothing of what the state holds: it goes to the trace, and the contract's own error quotes data */
function encodeState(encode: Encoder, state: unknown): string {
  try {
    return encode(state);
  } catch {
    throw new TypeError("Expected a state that fits the contract's snapshot, got another; check it in the loader.");
  }
}

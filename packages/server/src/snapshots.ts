import type { Address } from "@tidings/contract";
import { createEncoder, type Encoder } from "@tidings/contract/encoder";
import type { Cursor } from "@tidings/protocol";
import type { Base } from "./context.ts";
import { Refusal } from "./refusal.ts";

/** The state of an address, and a position that was read before it. */
export interface Snapshot {
  readonly path: string;
  readonly cursor: Cursor;
  /** JSON. */
  readonly state: string;
}

type Loader = (params: never, scope: { readonly readableFrom: string | null }) => unknown;

/**
 * Loads states; those who ask for the same one while it loads share the load.
 * @throws TypeError when a loader is missing
 */
export function createSnapshots({ contract, options, log, trace }: Base) {
  const loaders = new Map<string, { readonly load: Loader; readonly encode: Encoder }>();
  const loading = new Map<string, Promise<Snapshot>>();
  const given = new Map<string, Loader>(Object.entries(options.snapshot ?? {}));
  for (const { name, snapshot } of Object.values(contract)) {
    if (snapshot === undefined) continue;
    const load = given.get(name);
    if (load === undefined) throw new TypeError(`Expected a "snapshot" for channel "${name}" in createHub, got none.`);
    loaders.set(name, { load, encode: createEncoder(snapshot, `${name} snapshot`) });
  }

  async function loadOnce({ name, path, params }: Address, readableFrom: string | null): Promise<Snapshot> {
    const loader = loaders.get(name);
    if (loader === undefined) throw new TypeError(`Expected a channel with a snapshot, got "${name}".`);
    // The position first: what is published while the state loads is then told again, never missed.
    const cursor = await log.head();
    try {
      // The loader of a channel takes the params of its addresses.
      const state = await loader.load(params as never, { readableFrom });
      return { path, cursor, state: encodeState(loader.encode, state) };
    } catch (error) {
      trace.add("error", "hook-failed", { detail: "snapshot", channel: path, error });
      throw new Refusal(500, "internal");
    }
  }

  return {
    has: ({ name }: Address): boolean => loaders.has(name),

    /** @throws Refusal when the application's loader fails, or its state does not fit the contract */
    load(address: Address, readableFrom: string | null): Promise<Snapshot> {
      const name = `${address.path} ${readableFrom ?? ""}`;
      const load = () => loadOnce(address, readableFrom).finally(() => loading.delete(name));
      const shared = loading.get(name) ?? load();
      loading.set(name, shared);
      return shared;
    },
  };
}

/** @throws TypeError that says nothing of what the state holds: it goes to the trace, and the contract's own error quotes data */
function encodeState(encode: Encoder, state: unknown): string {
  try {
    return encode(state);
  } catch {
    throw new TypeError("Expected a state that fits the contract's snapshot, got another; check it in the loader.");
  }
}

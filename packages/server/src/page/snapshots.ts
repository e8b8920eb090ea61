import type { Address, Contract } from "@tidings/contract";
import { createEncoder, type Encoder } from "@tidings/contract/encoder";
import { byteLength } from "@tidings/log";
import { Refusal } from "../request/refusal.ts";
import type { Hooks, SnapshotHook } from "../runtime/hooks.ts";
import { isInstance } from "../runtime/is-instance.ts";
import type { Limits } from "../runtime/limits.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import { TimeLimitError } from "../runtime/time-limit.ts";
import type { Trace } from "../runtime/trace.ts";
import { SharedLoads } from "./shared-loads.ts";
import type { FindSnapshotStart, SnapshotStart } from "./snapshot-overlap.ts";
import { surelyExceeds } from "./surely-exceeds.ts";

/** The state of an address, and where a client goes on from after it. */
export interface Snapshot extends SnapshotStart {
  readonly path: string;
  /** JSON. */
  readonly state: string;
  /** Of the state, in UTF-8. */
  readonly bytes: number;
}

/** Loads the states of addresses. */
export interface Snapshots {
  /** Whether the address's channel has snapshots. */
  has(address: Address): boolean;
  /**
   * Loads a state, or joins a load of the same state that has not ended yet. A load that takes longer than ten seconds
   * is given up, so that the next request loads again. One that nobody waits for when its turn comes does not begin.
   * @param gone aborted when this request no longer waits
   * @throws Refusal 500 when the application's loader fails, or its state does not fit the contract or is too large;
   *   503 when the loader takes too long
   */
  load(address: Address, readableFrom: string | null, gone: AbortSignal): Promise<Snapshot>;
}

interface SnapshotNeeds {
  readonly contract: Contract;
  readonly hooks: Pick<Hooks, "snapshots">;
  readonly limits: Pick<Limits, "stateBytes">;
  readonly findStart: FindSnapshotStart;
  /** Runs a load when its turn comes. */
  readonly loads: ReadQueue;
  readonly trace: Pick<Trace, "add">;
}

/**
 * A state that is this many times as large as allowed is refused before it is encoded. Not one that is only too large:
 * the contract may leave out some of what a loader returns.
 */
const MUCH_TOO_LARGE = 4;

/** @throws TypeError when a loader is missing */
export function createSnapshots({ contract, hooks, limits, findStart, loads, trace }: SnapshotNeeds): Snapshots {
  const loaders = new Map<string, { readonly load: SnapshotHook; readonly encode: Encoder }>();
  const loading = new SharedLoads<Snapshot>();
  for (const { name, snapshot } of Object.values(contract)) {
    if (snapshot === undefined) continue;
    const load = hooks.snapshots.get(name);
    if (load === undefined) throw new TypeError(`Expected a "snapshot" for channel "${name}" in createHub, got none.`);
    loaders.set(name, { load, encode: createEncoder(snapshot, `${name} snapshot`) });
  }

  async function loadOnce(
    { name, path, params }: Address,
    readableFrom: string | null,
    isWanted: () => boolean,
  ): Promise<Snapshot> {
    const loader = loaders.get(name);
    if (loader === undefined) throw new TypeError(`Expected a channel with a snapshot, got "${name}".`);
    const checkWanted = (): void => {
      if (!isWanted()) throw new Refusal(503, "unavailable", { detail: "Nobody waits for this state." });
    };
    // The position first: events that are published while the state loads are then delivered again, never missed.
    const start = await findStart(path, readableFrom, checkWanted);
    try {
      const state = await loads(
        async (signal) => {
          checkWanted();
          // Safe: the loader of a channel takes the params of its addresses.
          return await loader.load(params as never, { readableFrom, signal });
        },
        // A signal of its own: the load goes on for others when the first reader leaves.
        { paths: [path], gone: new AbortController().signal },
      );
      return { ...start, path, ...encodeState(loader.encode, state, limits.stateBytes) };
    } catch (error) {
      if (isInstance(error, Refusal)) throw error;
      trace.add("error", "hook-failed", { detail: "snapshot", channel: path, error });
      if (isInstance(error, TimeLimitError)) {
        throw new Refusal(503, "unavailable", { detail: "The state loads too long." });
      }
      throw new Refusal(500, "internal");
    }
  }

  return {
    has: ({ name }) => loaders.has(name),

    load(address, readableFrom, gone) {
      // What makes two loads the same.
      const name = JSON.stringify([address.path, readableFrom]);
      return loading.join(name, gone, (isWanted) => loadOnce(address, readableFrom, isWanted));
    },
  };
}

/**
 * @throws TypeError that does not quote the state: it goes to the trace, and the contract's own error quotes data
 * @throws RangeError for a state with more than `most` bytes
 */
function encodeState(encode: Encoder, given: unknown, most: number): Pick<Snapshot, "state" | "bytes"> {
  // To validate and encode a huge state would stop the process for seconds.
  if (surelyExceeds(given, MUCH_TOO_LARGE * most)) throw tooLarge(most, `more than ${MUCH_TOO_LARGE * most}`);
  const state = tryEncode(encode, given);
  const bytes = byteLength(state);
  if (bytes > most) throw tooLarge(most, String(bytes));
  return { state, bytes };
}

function tooLarge(most: number, got: string): RangeError {
  const advice = "load less, for example only the newest items, or raise limits.stateBytes";
  return new RangeError(`Expected a state of at most ${most} bytes of JSON, got ${got}; ${advice}.`);
}

function tryEncode(encode: Encoder, state: unknown): string {
  try {
    return encode(state);
  } catch {
    throw new TypeError("Expected a state that fits the contract's snapshot, got another; check it in the loader.");
  }
}

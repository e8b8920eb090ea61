import type { Contract } from "@tidings/contract";
import type { PageBody } from "@tidings/protocol";
import { callSafely } from "./callback.ts";
import type { ClientOptions, TraceRecord } from "./client-options.ts";
import { systemClock } from "@tidings/protocol/clock";
import { runtimeNetwork } from "./network.ts";
import { Cell } from "./status.ts";

/** Where the shared stream stands. */
interface Position {
  /** Everything up to here it has delivered to who has joined; the next connection goes on from here. */
  handled: string | null;
  /** The same, with the event that is being delivered. */
  carried: string | null;
}

/** What all parts of one client share: its options, with their defaults. */
export interface Context extends Required<ClientOptions> {
  readonly contract: Contract;
  /** Pages that are about to be asked for, by position and whether a snapshot is wanted. */
  readonly gathering: Map<string, { readonly channels: Map<string, string | null>; readonly page: Promise<PageBody> }>;
  readonly position: Position;
  /** The connection's; when it is closed, the client is. */
  readonly status: Cell;
  /** What to call when the client is closed. A set: platforms warn of many listeners on one signal. */
  readonly ends: Set<() => void>;
  /** Debug records only with `debug`; warnings also where somebody develops: in production nobody could do something about them. */
  readonly trace: (event: TraceRecord["event"], about: Partial<TraceRecord>, level?: TraceRecord["level"]) => void;
}

export function createContext(contract: Contract, options: ClientOptions): Context {
  const context: Context = {
    headers: {},
    credentials: "same-origin",
    // Called late, and as a function: a browser's fetch refuses to be a method of something else.
    fetch: (url, init) => globalThis.fetch(url, init),
    validate: true,
    connectTimeout: 15_000,
    maxEventBytes: 1 << 20,
    onLog: (record) => console[record.level]("tidings", record),
    debug: false,
    clock: systemClock,
    random: Math.random,
    network: runtimeNetwork,
    ...options,
    contract,
    gathering: new Map(),
    position: { handled: null, carried: null },
    status: new Cell(),
    ends: new Set(),
    onError: (error) => callSafely(() => (options.onError ?? console.error)(error)),
    trace(event, about, level = "debug") {
      if (context.debug || (level === "warn" && isDevelopment()))
        callSafely(() => context.onLog({ level, event, at: context.clock.now(), ...about }));
    },
  };
  return context;
}

/** Whether the page is served from the developer's own machine. */
function isDevelopment(): boolean {
  const { location } = globalThis as { location?: { hostname?: string } };
  return /^(localhost|127\.0\.0\.1)$/.test(`${location?.hostname}`);
}

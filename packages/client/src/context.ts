import type { Contract } from "@tidings/contract";
import type { PageBody } from "@tidings/protocol";
import { callSafely } from "./callback.ts";
import type { ClientOptions, TraceRecord } from "./client-options.ts";
import { systemClock } from "./clock.ts";
import { runtimeNetwork } from "./network.ts";

/** What all parts of one client share: its options, with their defaults. */
export interface Context extends Required<ClientOptions> {
  readonly contract: Contract;
  /** Pages that are about to be asked for, by position and whether a snapshot is wanted. */
  readonly gathering: Map<string, { readonly paths: Set<string>; readonly page: Promise<PageBody> }>;
  /** Aborted when the client is closed. */
  readonly end: AbortController;
  /** Debug records only with `debug`; warnings also where somebody develops: in production nobody could do something about them. */
  trace(level: TraceRecord["level"], event: TraceRecord["event"], about: Partial<TraceRecord>): void;
}

export function createContext(contract: Contract, options: ClientOptions): Context {
  const settings = {
    headers: {},
    credentials: "same-origin" as const,
    // Called late, and as a function: a browser's fetch refuses to be a method of something else.
    fetch: (url: string, init: RequestInit) => globalThis.fetch(url, init),
    onError: console.error,
    validate: true,
    connectTimeout: 15_000,
    maxEventBytes: 1 << 20,
    onLog: toConsole,
    debug: false,
    clock: systemClock,
    random: Math.random,
    network: runtimeNetwork,
    ...options,
  };
  const { clock, debug, onError, onLog } = settings;
  return {
    ...settings,
    contract,
    gathering: new Map(),
    end: new AbortController(),
    onError: (error) => callSafely(() => onError(error)),
    trace(level, event, about) {
      if (debug || (level === "warn" && isDevelopment()))
        callSafely(() => onLog({ level, event, at: clock.now(), ...about }));
    },
  };
}

/** Whether the page is served from the developer's own machine. */
function isDevelopment(): boolean {
  const { hostname } = (globalThis as { location?: { hostname?: string } }).location ?? {};
  return hostname === "localhost" || hostname === "127.0.0.1";
}

function toConsole({ level, event, at: _at, ...about }: TraceRecord): void {
  console[level](`tidings: ${event}`, about);
}

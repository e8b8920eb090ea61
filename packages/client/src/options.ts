import { startTimer, type Clock } from "@tidings/protocol/clock";
import { callSafely } from "./deliver/callback.ts";
import { runtimeNetwork, type Network } from "./drive/network.ts";
import type { StreamError } from "./stream-error.ts";
import { createTrace, type Trace, type TraceRecord } from "./trace.ts";

/** The part of `fetch` that is used; never called with a Request. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** The hub's resource, absolute, or relative to the page. A function is called for every attempt. */
  readonly url: string | (() => string | Promise<string>);
  /** Headers such as `Authorization`. A function is called for every attempt, so tokens are fresh. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);
  /** Whether cookies go to another origin. @default "same-origin" */
  readonly credentials?: "omit" | "same-origin" | "include";
  /** @default globalThis.fetch */
  readonly fetch?: Fetch;
  /**
   * Receives errors that no promise reports: invalid data, failed handlers, bad answers, refusals.
   * @default console.error
   */
  readonly onError?: (error: StreamError) => void;
  /**
   * Whether data is checked and decoded by the contract's schemas. When false, handlers get the JSON as it came,
   * whatever their types say: nothing is checked, defaults are not filled in, and codecs do not run, so a `Date` is a
   * string. @default true
   */
  readonly validate?: boolean;
  /** Milliseconds until a request that is not answered is given up. @default 15_000 */
  readonly connectTimeout?: number;
  /** The bytes that one event may have. @default 1_048_576 */
  readonly maxEventBytes?: number;
  /** Receives warnings, and with `debug` the way of every event. @default warnings to console.warn */
  readonly onLog?: (record: TraceRecord) => void;
  /** Traces events from socket to handler. @default false */
  readonly debug?: boolean;
  /** @default the runtime's */
  readonly clock?: Clock;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** @default the runtime's */
  readonly network?: Network;
}

/** The options, each with its default. */
export interface Settings extends Required<Omit<ClientOptions, "clock">> {
  readonly trace: Trace;
  /** Aborts when the client closes, for good. Its reason is a StreamError. */
  readonly closing: AbortController;
  /** The client needs the time of day and timers only. */
  readonly clock: Pick<Clock, "now" | "setTimeout">;
}

export function toSettings(options: ClientOptions): Settings {
  const { onError = console.error } = options;
  const settings = {
    headers: {},
    credentials: "same-origin" as const,
    // Looked up late and called as a function: a browser's fetch refuses to be a method of another object.
    fetch: (url: string, init: RequestInit) => globalThis.fetch(url, init),
    validate: true,
    connectTimeout: 15_000,
    maxEventBytes: 1 << 20,
    onLog: (record: TraceRecord) => console[record.level]("tidings", record),
    debug: false,
    clock: { now: Date.now, setTimeout: startTimer },
    random: Math.random,
    network: runtimeNetwork,
    ...options,
    onError: (error: StreamError) => callSafely(() => onError(error)),
  };
  return { ...settings, trace: createTrace(settings), closing: new AbortController() };
}

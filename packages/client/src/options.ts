import { startTimer, type Clock } from "@tidings/protocol/clock";
import { callSafely } from "@tidings/protocol/call-safely";
import { createAlarms, type Alarms } from "./drive/alarms.ts";
import { missing } from "./drive/failure.ts";
import { createAllowance, type Allowance } from "./drive/allowance.ts";
import { createCredentials, type Credentials, type HeadersOption } from "./drive/credentials.ts";
import { runtimeNetwork, type Network } from "./drive/network.ts";
import type { UrlOption } from "./drive/read-option.ts";
import { runtimeFetch } from "./drive/runtime-fetch.ts";
import { alone, type Share } from "./share.ts";
import { watched, type Watched } from "./status.ts";
import { mistake, type StreamError } from "./stream-error.ts";
import { createReport, type Report } from "./report.ts";
import { createTrace, type Trace, type TraceRecord } from "./trace.ts";

/** The part of `fetch` that is used; never called with a Request. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** The hub's resource, absolute, or relative to the page. A function is called for every attempt. */
  readonly url: UrlOption;
  /**
   * Headers such as `Authorization`. A function is called for every attempt, so tokens are fresh; attempts that begin
   * in the same moment share one call. It learns when the server has refused the last ones.
   */
  readonly headers?: HeadersOption;
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
  /** How streams are asked for: `tabs` of `@tidings/client/tabs`. @default each client has a stream of its own */
  readonly share?: Share;
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
export interface Settings extends Required<Omit<ClientOptions, "clock" | "headers">> {
  readonly trace: Trace;
  readonly report: Report;
  readonly identity: Credentials;
  readonly alarms: Alarms;
  readonly allowance: Allowance;
  /** What requests fail with when the client closes, for good. Null before. */
  readonly closing: Watched<StreamError | null>;
  /** The client needs the time of day and timers only. */
  readonly clock: Pick<Clock, "now" | "setTimeout">;
}

/** @throws TypeError for an option that is unknown, missing, or of another type, and for a number out of its range */
export function toSettings(given: ClientOptions): Settings {
  // Without types, it may be nothing.
  const options = Object(given) as ClientOptions;
  if (!globalThis.AbortController) {
    throw missing("AbortController").error;
  }
  const { onError = console.error } = options;
  const defaults = {
    url: "",
    headers: {},
    credentials: "same-origin" as const,
    fetch: runtimeFetch,
    validate: true,
    connectTimeout: 15_000,
    maxEventBytes: 1 << 20,
    onLog: (record: TraceRecord) => console[record.level]("tidings", record),
    debug: false,
    // Looked up late, for fake timers.
    clock: { now: () => Date.now(), setTimeout: startTimer },
    random: Math.random,
    network: runtimeNetwork,
    share: alone,
    onError: (error: StreamError) => callSafely(() => onError(error)),
  };
  // Each option has been checked to be of the type of its default; the two exceptions are checked for each attempt.
  const settings = {
    ...(readOptions(options, defaults) as typeof defaults & ClientOptions),
    onError: defaults.onError,
  };
  return {
    ...settings,
    trace: createTrace(settings),
    report: createReport(settings),
    identity: createCredentials(settings),
    alarms: createAlarms(settings.clock),
    allowance: createAllowance(),
    // Not a signal: Node warns of a leak where more than ten wait for one.
    closing: watched<StreamError | null>(null),
  };
}

/** The options over their defaults. @param defaults each has the type of its option */
function readOptions(options: ClientOptions, defaults: Readonly<Record<string, unknown>>): object {
  const settings: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(defaults, name)) {
      throw mistake(`an option of createClient (${Object.keys(defaults).join(", ")})`, `"${name}"`);
    }
    if (value === undefined) {
      continue;
    }
    const type = typeof defaults[name];
    const got = value === null ? "null" : typeof value;
    // These two may be functions. They are checked for each attempt.
    const isCheckedLater = name === "url" || name === "headers";
    if (got !== type && !isCheckedLater) {
      throw mistake(`"${name}" to be of the type ${type}`, got);
    }
    if (typeof value === "number" && !(value > 0)) {
      throw mistake(`"${name}" to be more than 0`, `${value}`);
    }
    settings[name] = value;
  }
  if (options.url === undefined) {
    throw mistake('"url" to be where the hub is', "none");
  }
  return settings;
}

import { callSafely } from "@tidings/protocol/call-safely";
import type { StreamError } from "./stream-error.ts";

/** Why something has ended or is being tried again. */
export type Reason =
  /** The application closed it. */
  | "closed"
  /** The address has ended: nothing more comes of it. */
  | "ended"
  /** The server has nothing more, for good. */
  | "finished"
  | "unauthenticated"
  | "forbidden"
  /** The server does not know the channel. A deployment may be under way. */
  | "unknown"
  /** The server refuses the request as such. */
  | "rejected"
  /** An option of the client is of no use, for example a `url` that is not a URL. */
  | "bad-option"
  /** Gap after gap: retention is shorter than a reader's way to the server. */
  | "gap-loop"
  | "draining"
  | "max-age"
  | "expired"
  | "limit"
  /** No connection, or it broke, and the runtime says that there is no network. */
  | "offline"
  /** No connection, or it broke. */
  | "network"
  | "timeout"
  /** An answer, or what `url` or `headers` returned, is of no use. `onError` has the details. */
  | "bad-response"
  /** The server answered 408, 429 or 5xx, or from a copy of the log that lags. */
  | "unavailable"
  /** The log was replaced, or lost its newest events. */
  | "gap";

/** Something has failed, and heals by itself. */
export interface Retrying {
  readonly state: "retrying";
  readonly reason: Reason;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** When the next attempt begins, in milliseconds since 1970. */
  readonly at: number;
  /** What went wrong, for a developer. Undefined where the server has ended a stream as agreed. */
  readonly cause?: StreamError | undefined;
}

/** It has ended. `reconnect` takes back `unauthenticated`, and nothing else. */
export interface Ended {
  readonly state: "closed";
  readonly reason: Reason;
  /** What went wrong, for a developer. */
  readonly cause?: StreamError | undefined;
}

/** It works. */
export interface Live {
  readonly state: "live";
  /**
   * How events come, if they do not come by stream: a proxy seems to keep streams back. Only the status of the
   * connection says so when something is missing, too.
   */
  readonly transport?: "poll";
  /** Something of it is missing: it did not fit the contract of this client, or it was too large. */
  readonly degraded?: Degraded;
}

export interface Degraded {
  /** Since when, in milliseconds since 1970. It is over when a state has been loaded. */
  readonly since: number;
  /** What was not readable last. */
  readonly cause: StreamError;
}

/** Nothing is followed. */
interface Idle {
  readonly state: "idle";
  /** How the last subscription of the client has ended that the application did not close, for example refused. */
  readonly ended?: Ended;
}

/** Where a client or a subscription stands. */
export type Status =
  | Idle
  /** The first attempt is under way. */
  | { readonly state: "connecting" }
  | Live
  | Retrying
  | Ended;

export const IDLE_STATUS: Status = { state: "idle" };
export const CONNECTING: Status = { state: "connecting" };
/** The application has closed it. */
export const CLOSED: Ended = { state: "closed", reason: "closed" };
export const LIVE: Live = { state: "live" };
export const POLLING: Live = { state: "live", transport: "poll" };

/** Whether something has ended for good: not even `reconnect` takes it back. */
export function isOver(status: Status): status is Ended {
  return status.state === "closed" && status.reason !== "unauthenticated";
}

/**
 * A value that can be read and watched. It fits React's `useSyncExternalStore`, also with `subscribe` taken out of it.
 */
export interface Watchable<Value> {
  readonly value: Value;
  /** Calls `listener` after every change. Returns what removes it. */
  readonly subscribe: (listener: (value: Value) => void) => () => void;
}

/** A value that changes. Its owner sets it, everybody else watches it. */
export interface Watched<Value> {
  readonly status: Watchable<Value>;
  /** Nobody is called for the same object. */
  readonly set: (value: Value) => void;
}

export function watched<Value>(initial: Value): Watched<Value> {
  let current = initial;
  const listeners = new Set<(value: Value) => void>();
  return {
    status: {
      get value() {
        return current;
      },
      subscribe(listener) {
        // A function of its own: the same listener may subscribe twice.
        const call = (value: Value) => listener(value);
        listeners.add(call);
        return () => listeners.delete(call);
      },
    },
    set(value) {
      if (current === value) {
        return;
      }
      current = value;
      for (const listener of [...listeners]) {
        // A listener has set a newer value. All listeners have been called with that one.
        if (current !== value) {
          return;
        }
        if (listeners.has(listener)) {
          callSafely(() => listener(value));
        }
      }
    },
  };
}

import { callSafely } from "./deliver/callback.ts";

/** Why something has ended or is being tried again. */
export type Reason =
  /** The application closed it. */
  | "closed"
  /** The server has nothing more, for good. */
  | "finished"
  | "unauthenticated"
  | "forbidden"
  /** The server does not know the channel. A deployment may be under way. */
  | "unknown"
  /** The server refuses the request as such. */
  | "rejected"
  /** Gap after gap: retention is shorter than a reader's way to the server. */
  | "gap-loop"
  | "draining"
  | "max-age"
  | "expired"
  | "limit"
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

/** `at`: when the next attempt begins, in milliseconds since 1970; null while offline. */
export interface Retrying {
  readonly state: "retrying";
  readonly reason: Reason;
  readonly at: number | null;
}

/** Where a connection or a subscription stands. */
export type Status =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | Retrying
  | { readonly state: "closed"; readonly reason: Reason };

export const CONNECTING: Status = { state: "connecting" };
export const LIVE: Status = { state: "live" };

/**
 * A value that can be read and watched. It fits React's `useSyncExternalStore`, also with `subscribe` taken out of it.
 */
export interface Watchable<Value> {
  readonly value: Value;
  /** Calls `listener` after every change. Returns what removes it. */
  readonly subscribe: (listener: (value: Value) => void) => () => void;
}

/** A status that changes. Its owner sets it, everybody else watches it. */
interface WatchedStatus {
  readonly status: Watchable<Status>;
  /** Nobody is called for the same object. */
  readonly set: (value: Status) => void;
}

export function watchedStatus(): WatchedStatus {
  let current = CONNECTING;
  const listeners = new Set<(value: Status) => void>();
  return {
    status: {
      get value() {
        return current;
      },
      subscribe(listener) {
        // A function of its own: the same listener may subscribe twice.
        const call = (value: Status) => listener(value);
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

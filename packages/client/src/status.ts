import { callSafely } from "./callback.ts";

/** Why something has ended or is being tried again. */
export type Reason =
  /** The application closed it. */
  | "closed"
  /** The server has nothing more, for good. */
  | "finished"
  | "unauthenticated"
  | "forbidden"
  /** The server does not know the channel; a deployment may be under way. */
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
  /** An answer, or what `url` or `headers` gave, is of no use; `onError` has it. */
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

/** A value that can be read and watched; it fits React's `useSyncExternalStore`. */
export interface Watchable<Value> {
  readonly value: Value;
  /** Calls `listener` after every change. Returns what ends it. */
  subscribe(listener: (value: Value) => void): () => void;
}

/** Of a status, whichever it is. */
type Members = Pick<Status, "state"> & { readonly reason?: Reason; readonly at?: number | null };

/** A status, and who watches it. */
export class Cell implements Watchable<Status> {
  value: Status = { state: "connecting" };
  readonly #listeners = new Set<(value: Status) => void>();

  /** What is no change, nobody needs to know. */
  set(value: Status): void {
    const { state, reason, at }: Members = value;
    const former: Members = this.value;
    if (state === former.state && reason === former.reason && at === former.at) return;
    this.value = value;
    for (const listener of [...this.#listeners]) {
      // A listener has set a newer value, and everybody knows that one by now.
      if (this.value !== value) return;
      if (this.#listeners.has(listener)) callSafely(() => listener(value));
    }
  }

  subscribe(listener: (value: Status) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

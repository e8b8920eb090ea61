/**
 * The client's one connection, as a pure state machine.
 *
 * ```
 * idle        there is something to ask for    → requesting
 * requesting  the server says hello            → live
 * live        something else is followed, somebody looks at the page again, or a stream is tried again → switching
 * switching   the next stream says hello       → requesting, and so live
 *             the stream ends                  → requesting: the next stream goes on, unless something was lost
 *             the request for the next fails   → postponed; live or switching where some paths were refused
 *             the next one would begin too early → live
 *             nothing comes that was to prove that the stream lives → requesting, and shown as retrying
 * postponed   its time comes, or reconnect     → switching
 *             those who waited have left       → live
 *             somebody looks at the page again → switching, after an outage
 * retrying    its time comes, the network is back after an outage, or reconnect → requesting
 * any         the stream ends                  → retrying; requesting where it refuses some paths
 *             there is nothing to ask for      → idle
 *             close, also after an end that allows no retry → closed
 * ```
 *
 * `closed` absorbs every input. A stream here may also be a series of long polls: `state/transport` says when.
 *
 * The table in `connection-table.ts` says what each state does about each input.
 */
import {
  IDLE_STATUS,
  type Ended,
  type Live as LiveStatus,
  type Reason,
  type Retrying,
  type Status,
} from "../status.ts";
import type { Closed } from "./closed.ts";
import type { Ending } from "./ending.ts";
import { NOTHING_YET, type Attempts, type Failed, type Retry } from "./retry.ts";
import type { Hello, Transport } from "./transport.ts";

/** What every open state knows. */
interface Progress {
  /** How former requests have ended. */
  readonly attempts: Attempts;
}

/** Nothing is followed. */
interface Idle extends Progress {
  readonly kind: "idle";
  readonly shown: Status;
}

/** The request for the stream is under way, up to its hello. */
export interface Requesting extends Progress {
  readonly kind: "requesting";
  /** What was shown before. */
  readonly shown: Status;
  /** What was pending when the next stream took the place of the stream. */
  readonly pending: Retrying | Ended | null;
}

/** The stream runs. */
export interface Live extends Progress {
  readonly kind: "live";
  readonly shown: LiveStatus;
}

/** The stream runs, and so does the request for the next one. */
export interface Switching extends Progress {
  readonly kind: "switching";
  readonly shown: LiveStatus;
  /** Why what is new has to wait, since the last request for the next stream. Null while none has failed. */
  readonly pending: Retrying | Ended | null;
}

/** The stream runs. The request for the next one has failed, and is made again when the pause is over. */
export interface Postponed extends Progress {
  readonly kind: "postponed";
  readonly shown: LiveStatus;
  readonly pending: Retrying | Ended;
}

/** The next request is made when the pause is over. */
export interface WaitingToRetry extends Progress {
  readonly kind: "retrying";
  /** Ended where nobody but the application can make the next request worth while: `reconnect` says when. */
  readonly shown: Retrying | Ended;
}

export type Running = Live | Switching | Postponed;
export type Streaming = Requesting | Running;
export type Open = Idle | Streaming | WaitingToRetry;
export type ConnectionState = Open | Closed;

/** Nothing was heard for too long. */
export interface Silence extends Ending {
  /** When that was noticed, in milliseconds since 1970. */
  readonly now: number;
}

/** What can happen, and what is known about it. */
export interface ConnectionInputs {
  /** Other paths are followed. Whether there are any. */
  readonly wanted: boolean;
  /** There is nothing to follow. */
  readonly unwanted: null;
  readonly hello: Hello;
  /** The server's `retry`, in milliseconds. */
  readonly serverPause: number;
  /** The stream has ended, or its request. */
  readonly ended: Ending;
  /** The next stream has said hello, and is the stream from now on. */
  readonly adopted: null;
  /** The next stream would begin before something that has happened meanwhile. */
  readonly outdated: null;
  /** The request for the next stream has ended. */
  readonly failed: Ending;
  /**
   * What was asked for last is not what is wanted any more. Whether it differs from what the stream follows.
   */
  readonly redo: boolean;
  /** When to make another request, and why. */
  readonly retry: Retry;
  /** The pause is over. */
  readonly due: null;
  /** The network is there, or somebody looks at the page again. When, in milliseconds since 1970. */
  readonly online: number;
  /** The runtime says that the network has gone. It may be wrong. */
  readonly offline: null;
  /** The stream was doubted, and nothing has come since. */
  readonly deaf: Silence;
  /** It is time to try a stream again, although a proxy seems to keep streams back. */
  readonly trust: null;
  /** The application does not want to wait any longer. */
  readonly reconnect: null;
  readonly close: Ending;
}

/** What is to be done, and what is known about it. */
export interface ConnectionEffects {
  /** Make a request for what is followed now: the stream. The input `unwanted` follows when that is nothing. */
  readonly open: Transport;
  /** The same, but its answer is the stream from its hello on. */
  readonly prepare: Transport;
  /** The input `deaf` follows soon, unless something comes from the stream or the next one. */
  readonly doubt: null;
  /** Forget what the next stream was asked for. */
  readonly drop: null;
  /** The request for the next stream is the stream now, although it has not said hello. */
  readonly promote: null;
  /** Look whether anything is new at all. The input `redo` follows. */
  readonly review: null;
  /** Tell developers that the request has ended. */
  readonly trace: Ending;
  /** A proxy seems to keep streams back. The input `trust` follows after some minutes. */
  readonly distrust: null;
  /** Decide what follows. The input `redo`, `retry` or `close` follows. */
  readonly plan: Failed;
  /** Decide when to ask again for the next stream. The input `redo` or `retry` follows. */
  readonly planSuccessor: Failed;
  readonly wait: Retrying | Ended;
  readonly end: Reason;
}

export const IDLE: Idle = { kind: "idle", shown: IDLE_STATUS, attempts: NOTHING_YET };

/** Why what is new has to wait. Null where nothing has failed. */
export function pendingOf(state: ConnectionState): Retrying | Ended | null {
  return "pending" in state ? state.pending : null;
}

/**
 * The client's one connection, as a pure state machine.
 *
 * ```
 * idle        there is something to ask for    → requesting
 * requesting  the request ends                 → retrying
 *             something else is followed, or some paths are refused → requesting, with another request
 * retrying    its time comes, the network is back after an outage, or reconnect → requesting
 * any         there is nothing to ask for      → idle
 *             close, also after an end that allows no retry → closed
 * ```
 *
 * `closed` absorbs every input.
 */
import { CONNECTING, IDLE_STATUS, LIVE, type Ended, type Reason, type Retrying, type Status } from "../status.ts";
import { close, type Closed } from "./closed.ts";
import type { Ending } from "./ending.ts";
import { isOutage } from "./outage.ts";
import { NOTHING_YET, type Attempts, type Failed, type Retry } from "./retry.ts";
import { defineTable, stay, to, type Transition } from "./table.ts";

/** What every state but `closed` knows. */
interface Progress {
  /** The status that is shown. */
  readonly shown: Status;
  /** How former requests have ended. */
  readonly attempts: Attempts;
}

/** Nothing is followed. */
interface Idle extends Progress {
  readonly kind: "idle";
}

/** A request is under way, up to the end of its answer. */
interface Requesting extends Progress {
  readonly kind: "requesting";
  /** `live` once the server has said hello. Until then, what was shown before. */
  readonly shown: Status;
}

/** The next request is made when the pause is over. */
interface WaitingToRetry extends Progress {
  readonly kind: "retrying";
  /** Ended where nobody but the application can make the next request worth while: `reconnect` says when. */
  readonly shown: Retrying | Ended;
}

type Open = Idle | Requesting | WaitingToRetry;
export type ConnectionState = Open | Closed;

/** What can happen, and what is known about it. */
export interface ConnectionInputs {
  /** Other paths are followed. Whether there are any. */
  readonly wanted: boolean;
  /** There is nothing to follow. */
  readonly unwanted: null;
  /** The server has said hello. When, in milliseconds since 1970. */
  readonly hello: number;
  /** The server's `retry`, in milliseconds. */
  readonly base: number;
  /** The request has ended. */
  readonly ended: Ending;
  /** When to make another request, and why. */
  readonly retry: Retry;
  /** The pause is over. */
  readonly due: null;
  /** The network is there, or somebody looks at the page again. */
  readonly online: null;
  /** The application does not want to wait any longer. */
  readonly reconnect: null;
  readonly close: Ending;
}

/** What is to be done, and what is known about it. */
export interface ConnectionEffects {
  /** Make a request for what is followed now. The input `unwanted` follows when that is nothing. */
  readonly open: null;
  /** Tell developers that the request has ended. */
  readonly trace: Ending;
  /** Decide what follows. The input `wanted`, `retry` or `close` follows. */
  readonly plan: Failed;
  readonly wait: Retrying | Ended;
  readonly end: Reason;
}

type Next = Transition<ConnectionState, ConnectionEffects>;

export const IDLE: Idle = { kind: "idle", shown: IDLE_STATUS, attempts: NOTHING_YET };

/** For every input, the states that ignore it. A new state has to be decided about in each row. */
interface Ignored {
  readonly wanted: never;
  readonly unwanted: never;
  readonly hello: "idle" | "retrying";
  readonly base: "idle" | "retrying";
  readonly ended: "idle" | "retrying";
  readonly retry: "idle" | "retrying";
  readonly due: "idle" | "requesting";
  readonly online: "idle" | "requesting";
  readonly reconnect: "idle" | "requesting";
  readonly close: never;
}

/** What each state does about each input. */
export const connectionTransition = defineTable<ConnectionState, ConnectionInputs, ConnectionEffects, Ignored>({
  wanted: { idle: begin, requesting: open, retrying: look },
  unwanted: ({ attempts }) => to({ ...IDLE, attempts }),
  hello: { requesting: live },
  base: { requesting: obey },
  ended: { requesting: plan },
  retry: { requesting: wait },
  due: { retrying: open },
  online: { retrying: hurry },
  reconnect: { retrying: begin },
  close,
});

/** A request with nothing behind it: whatever was shown before is over. */
function begin(state: Open): Next {
  return open({ ...state, shown: CONNECTING } as Open);
}

function open(state: Open): Next {
  return to({ ...state, kind: "requesting" }, ["open", null]);
}

/** A connection that waits for its next attempt asks for other paths then. For none, it does not wait. */
function look(state: WaitingToRetry, isWanted: boolean): Next {
  return isWanted ? stay(state) : open(state);
}

function live(state: Requesting, now: number): Next {
  return to({
    ...state,
    attempts: { ...state.attempts, hasTriedFresh: false, liveSince: now, failingSince: null },
    shown: LIVE,
  });
}

function obey(state: Requesting, base: number): Next {
  return to({ ...state, attempts: { ...state.attempts, base } });
}

function plan(state: Requesting, ending: Ending): Next {
  return to(state, ["trace", ending], ["plan", { ending, attempts: state.attempts }]);
}

/** The network is back. What the server has asked to wait for is waited for. */
function hurry(state: WaitingToRetry): Next {
  return isOutage(state.shown.reason) ? open(state) : stay(state);
}

function wait(_: Requesting, { attempts, lastFailure }: Retry): Next {
  return to({ kind: "retrying", attempts, shown: lastFailure }, ["wait", lastFailure]);
}

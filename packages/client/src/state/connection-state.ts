/**
 * The client's one connection, as a pure state machine.
 *
 * ```
 * idle        there is something to ask for    → requesting
 * requesting  the request ends                 → retrying
 *             something else is followed, or some paths are refused → requesting, with another request
 * retrying    its time comes, or the network is back after an outage → requesting
 * any         there is nothing to ask for      → idle
 *             close, also after an end that allows no retry → closed
 * ```
 *
 * `closed` absorbs every input.
 */
import type { Reason, Retrying, Status } from "../status.ts";
import type { Ending } from "./ending.ts";
import { isOutage } from "./outage.ts";
import { defineTable, stay, to, type Transition } from "./table.ts";

/** Nothing is followed. */
interface Idle {
  readonly kind: "idle";
  readonly shown: Status;
}

/** A request is under way, up to the end of its answer. */
interface Requesting {
  readonly kind: "requesting";
  /** `live` once the server has said hello. Until then, what was shown before. */
  readonly shown: Status;
}

/** The next request is made when the pause is over. */
interface WaitingToRetry {
  readonly kind: "retrying";
  readonly shown: Retrying;
}

/** It has ended, for good. */
interface Closed {
  readonly kind: "closed";
  readonly shown: Status;
}

type Open = Idle | Requesting | WaitingToRetry;
export type ConnectionState = Open | Closed;

/** What can happen, and what is known about it. */
export interface ConnectionInputs {
  /** Other paths are followed. Whether there are any. */
  readonly wanted: boolean;
  /** There is nothing to follow. */
  readonly unwanted: null;
  readonly hello: null;
  /** The request has ended. */
  readonly ended: Ending;
  /** When to make another request, and why. */
  readonly retry: Retrying;
  /** The pause is over. */
  readonly due: null;
  /** The network is there, or somebody looks at the page again. */
  readonly online: null;
  readonly close: Reason;
}

/** What is to be done, and what is known about it. */
export interface ConnectionEffects {
  /** Make a request for what is followed now. The input `unwanted` follows when that is nothing. */
  readonly open: null;
  /** Tell developers that the request has ended. */
  readonly tell: Ending;
  /** Decide what follows. The input `wanted`, `retry` or `close` follows. */
  readonly plan: Ending;
  readonly wait: Retrying;
  readonly end: null;
}

type Next = Transition<ConnectionState, ConnectionEffects>;

export const IDLE: ConnectionState = { kind: "idle", shown: { state: "connecting" } };

/** For every input, the states that ignore it. A new state has to be decided about in each row. */
interface Ignored {
  readonly wanted: never;
  readonly unwanted: never;
  readonly hello: "idle" | "retrying";
  readonly ended: "idle" | "retrying";
  readonly retry: "idle" | "retrying";
  readonly due: "idle" | "requesting";
  readonly online: "idle" | "requesting";
  readonly close: never;
}

/** What each state does about each input. */
export const connectionTransition = defineTable<ConnectionState, ConnectionInputs, ConnectionEffects, Ignored>({
  wanted: { idle: open, requesting: open, retrying: look },
  unwanted: () => to(IDLE),
  hello: { requesting: live },
  ended: { requesting: plan },
  retry: { requesting: wait },
  due: { retrying: open },
  online: { retrying: hurry },
  close: (_, reason) => to({ kind: "closed", shown: { state: "closed", reason } }, ["end", null]),
});

function open({ shown }: Open): Next {
  return to({ kind: "requesting", shown }, ["open", null]);
}

/** A connection that waits for its next attempt asks for other paths then. For none, it does not wait. */
function look(state: WaitingToRetry, isWanted: boolean): Next {
  return isWanted ? stay(state) : open(state);
}

function live(): Next {
  return to({ kind: "requesting", shown: { state: "live" } });
}

function plan(state: Requesting, ending: Ending): Next {
  return to(state, ["tell", ending], ["plan", ending]);
}

/** The network is back. What the server has asked to wait for is waited for. */
function hurry(state: WaitingToRetry): Next {
  return isOutage(state.shown.reason) ? open(state) : stay(state);
}

function wait(_: Requesting, lastFailure: Retrying): Next {
  return to({ kind: "retrying", shown: lastFailure }, ["wait", lastFailure]);
}

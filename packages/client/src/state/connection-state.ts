/**
 * The client's one connection, as a pure state machine.
 *
 * ```
 * idle        there is something to ask for    → requesting
 * requesting  the request ends                 → failed
 *             something else is followed       → requesting, with another request
 * failed      there will be another attempt    → retrying
 *             some paths are refused           → requesting, without them
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
import { defineTable, stay, type Transition } from "./table.ts";

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

/** The request has ended. What follows is being decided. */
interface Failed {
  readonly kind: "failed";
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

type Open = Idle | Requesting | Failed | WaitingToRetry;
export type ConnectionState = Open | Closed;

/** What can happen, and what is known about it. */
export interface ConnectionInputs {
  /** Other paths are followed. */
  readonly wanted: null;
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

/** What each state does about each input. */
export const connectionTransition = defineTable<ConnectionState, ConnectionInputs, ConnectionEffects>({
  // A connection that waits for its next attempt asks for it then.
  wanted: { idle: open, requesting: open, failed: open, retrying: stay },
  unwanted: () => to(IDLE),
  hello: { idle: stay, requesting: live, failed: stay, retrying: stay },
  ended: { idle: stay, requesting: fail, failed: stay, retrying: stay },
  retry: { idle: stay, requesting: stay, failed: wait, retrying: stay },
  due: { idle: stay, requesting: stay, failed: stay, retrying: open },
  online: { idle: stay, requesting: stay, failed: stay, retrying: hurry },
  close: (_, reason) => to({ kind: "closed", shown: { state: "closed", reason } }, ["end", null]),
});

function to(state: ConnectionState, ...effects: Next["effects"]): Next {
  return { state, effects };
}

function open({ shown }: Open): Next {
  return to({ kind: "requesting", shown }, ["open", null]);
}

function live(): Next {
  return to({ kind: "requesting", shown: { state: "live" } });
}

function fail({ shown }: Requesting, ending: Ending): Next {
  return to({ kind: "failed", shown }, ["tell", ending], ["plan", ending]);
}

/** The network is back. What the server has asked to wait for is waited for. */
function hurry(state: WaitingToRetry): Next {
  return isOutage(state.shown.reason) ? open(state) : stay(state);
}

function wait(_: Failed, lastFailure: Retrying): Next {
  return to({ kind: "retrying", shown: lastFailure }, ["wait", lastFailure]);
}

/**
 * The client's one connection, as a pure state machine.
 *
 * ```
 * idle        there is something to ask for    → requesting
 * requesting  the request ends                 → retrying
 *             something else is followed       → requesting, with another request
 * retrying    its time comes, or the network is back after an outage → requesting
 * any         there is nothing to ask for      → idle
 *             close, also after an end that allows no retry → closed
 * ```
 *
 * `closed` absorbs every input. The effect `ask` decides what to ask for.
 */
import type { EventRequest } from "@tidings/protocol";
import type { Reason, Retrying, Status } from "../status.ts";
import { isOutage } from "./outage.ts";
import type { Transition } from "./transition.ts";

/** Nothing is followed. */
interface Idle {
  readonly kind: "idle";
  readonly begun?: undefined;
  readonly shown: Status;
}

/** A request is under way, up to the end of its answer. */
interface Requesting {
  readonly kind: "requesting";
  readonly begun: EventRequest;
  /** `live` once the server has said hello. Until then, what was shown before. */
  readonly shown: Status;
}

/** The next request is made when the pause is over. */
interface WaitingToRetry {
  readonly kind: "retrying";
  readonly begun: Retrying;
  readonly shown: Retrying;
}

/** It has ended, for good. */
interface Closed {
  readonly kind: "closed";
  readonly begun?: undefined;
  readonly shown: Status;
}

type Open = Idle | Requesting | WaitingToRetry;
export type ConnectionState = Open | Closed;

/** What can happen, and what is known about it. */
export interface ConnectionInputs {
  /** Other paths are followed. */
  readonly wanted: null;
  /** What to ask for. Null: there is nothing to follow. */
  readonly request: EventRequest | null;
  readonly hello: null;
  /** The request has ended. When to make another one, and why. */
  readonly retry: Retrying;
  /** The pause is over. */
  readonly due: null;
  /** The network is there, or somebody looks at the page again. */
  readonly online: null;
  readonly close: Reason;
}

/** What is to be done, and what is known about it. */
export interface ConnectionEffects {
  /** Decide what to ask for. The input `request` follows. */
  readonly ask: null;
  readonly open: EventRequest;
  readonly wait: Retrying;
  readonly end: null;
}

type Next = Transition<ConnectionState, ConnectionEffects>;

export const IDLE: ConnectionState = { kind: "idle", shown: { state: "connecting" } };

/** What follows from an input. */
export function connectionTransition<Name extends keyof ConnectionInputs>(
  state: ConnectionState,
  input: Name,
  about: ConnectionInputs[Name],
): Next {
  // The row is that of the input, and the column that of the state. The compiler cannot follow two lookups.
  const cell = TABLE[input][state.kind] as Cell<ConnectionState, ConnectionInputs[Name]>;
  return cell(state, about);
}

type Kind = ConnectionState["kind"];
type Cell<State, About> = (state: State, about: About) => Next;

/** For every input, what each state does about it. `closed` does nothing, whatever comes. */
type Table = {
  readonly [Name in keyof ConnectionInputs]: {
    readonly [Each in Kind]: Each extends "closed"
      ? typeof stay
      : Cell<Extract<ConnectionState, { kind: Each }>, ConnectionInputs[Name]>;
  };
};

/** The same cell in every state but `closed`. The compiler asks for a new state here, and in no row that uses this. */
function everywhere<About>(cell: Cell<Open, About>) {
  return { idle: cell, requesting: cell, retrying: cell, closed: stay };
}

/**
 * A row without an effect in any state. Rows that begin with it name the states in which the input matters. For a new
 * state, each of these rows has to be checked by hand: without a cell of its own, it stays.
 */
const STAY = everywhere(stay);

const TABLE: Table = {
  // A connection that waits for its next attempt asks for it then.
  wanted: { ...everywhere(ask), retrying: stay },
  request: everywhere(open),
  hello: { ...STAY, requesting: (state) => to({ ...state, shown: { state: "live" } }) },
  retry: { ...STAY, requesting: wait },
  due: { ...STAY, retrying: ask },
  // What the server has asked to wait for is waited for.
  online: { ...STAY, retrying: (state) => (isOutage(state.shown.reason) ? ask(state) : stay(state)) },
  close: everywhere((_, reason) => end(reason)),
};

function to(state: ConnectionState, ...effects: Next["effects"]): Next {
  return { state, effects };
}

function stay(state: ConnectionState): Next {
  return to(state);
}

function end(reason: Reason): Next {
  return to({ kind: "closed", shown: { state: "closed", reason } }, ["end", null]);
}

function ask(state: Open): Next {
  return to(state, ["ask", null]);
}

function open({ shown }: Open, begun: EventRequest | null): Next {
  return begun ? to({ kind: "requesting", begun, shown }, ["open", begun]) : to(IDLE);
}

function wait(_: Requesting, lastFailure: Retrying): Next {
  return to({ kind: "retrying", begun: lastFailure, shown: lastFailure }, ["wait", lastFailure]);
}

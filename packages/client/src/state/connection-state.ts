/**
 * The client's one connection, as a pure state machine.
 *
 *   idle ◀──── nothing to ask for (from any state)
 *    │
 *    └──── request ────▶ opening ────hello────▶ live
 *                        ▲  │                   │
 *                        │  └──── ended ────┬───┘
 *                     request               ▼
 *                        └──────────── retrying                    another request takes the place of the running one
 *
 *   closed: from any state by `close`, and by an end after which nothing is tried. It absorbs every input.
 *
 * What to ask for is decided by the effect `ask`: when something else is followed, when a pause is over, when the network is back.
 */
import type { EventRequest } from "@tidings/protocol";
import type { Reason, Retrying, Status } from "../status.ts";
import { isOutage, type Pause, type Plan } from "./plan.ts";
import type { Transition } from "./transition.ts";

/** Nothing is followed. */
interface Idle {
  readonly kind: "idle";
  readonly shown: Status;
}

/** A request has been made. The server has not said hello. */
interface Opening {
  readonly kind: "opening";
  readonly request: EventRequest;
  /** The status until the connection is live. */
  readonly shown: Status;
}

interface Live {
  readonly kind: "live";
  readonly request: EventRequest;
  readonly shown: Status;
}

/** The next request is made when the pause is over. */
interface WaitingToRetry {
  readonly kind: "retrying";
  readonly shown: Retrying;
  readonly pause: Pause;
}

/** It has ended, for good. */
interface Closed {
  readonly kind: "closed";
  readonly shown: Status;
}

type Open = Idle | Opening | Live | WaitingToRetry;
export type ConnectionState = Open | Closed;

/** What follows from the end of a request. `again`: another request, at once. Null: nothing. */
interface Ended {
  readonly reason: Reason;
  readonly plan: Plan | "again" | null;
}

/** What can happen, and what is known about it. */
export interface ConnectionInputs {
  /** Other paths are followed. */
  readonly wanted: null;
  /** What to ask for. Null: there is nothing to follow. */
  readonly request: EventRequest | null;
  readonly hello: null;
  readonly ended: Ended;
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
  /** Look whether the connection has been silent for too long. */
  readonly look: null;
  readonly wait: Pause;
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

/** For every input, what each state does about it. */
type Table = {
  readonly [Name in keyof ConnectionInputs]: {
    readonly [Each in Kind]: Cell<Extract<ConnectionState, { kind: Each }>, ConnectionInputs[Name]>;
  };
};

/** The same cell in every state but the last. */
function everywhere<About>(cell: Cell<Open, About>) {
  return { idle: cell, opening: cell, live: cell, retrying: cell, closed: stay };
}

/** A row of which nothing follows. */
const STAY = everywhere(stay);

const TABLE: Table = {
  // A connection that waits for its next attempt asks for it then.
  wanted: { ...everywhere(ask), retrying: stay },
  request: everywhere(open),
  hello: { ...STAY, opening: ({ request }) => to({ kind: "live", request, shown: { state: "live" } }) },
  ended: { ...STAY, opening: followPlan, live: followPlan },
  due: { ...STAY, retrying: ask },
  online: {
    ...STAY,
    opening: look,
    live: look,
    // What the server has asked to wait for is waited for.
    retrying: (state) => (isOutage(state.shown.reason) ? ask(state) : stay(state)),
  },
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

function open({ shown }: Open, request: EventRequest | null): Next {
  return request ? to({ kind: "opening", request, shown }, ["open", request]) : to(IDLE);
}

function look(state: Opening | Live): Next {
  return to(state, ["look", null]);
}

function followPlan(state: Opening | Live, { reason, plan }: Ended): Next {
  if (!plan) {
    return end(reason);
  }
  if (plan === "again") {
    return ask(state);
  }
  const { trouble, pause } = plan;
  return to({ kind: "retrying", shown: trouble, pause }, ["wait", pause]);
}

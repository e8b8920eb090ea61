/** What each state of the connection does about each input. The diagram is in `connection-state.ts`. */
import { CONNECTING, LIVE, POLLING, type Retrying } from "../status.ts";
import { close } from "./closed.ts";
import {
  IDLE,
  type ConnectionEffects,
  type ConnectionInputs,
  type ConnectionState,
  type Live,
  type Open,
  type Postponed,
  type Requesting,
  type Running,
  type Silence,
  type Streaming,
  type Switching,
  type WaitingToRetry,
} from "./connection-state.ts";
import type { Ending } from "./ending.ts";
import { isOutage } from "./outage.ts";
import type { Attempts, Retry } from "./retry.ts";
import { defineTable, stay, to, type Transition } from "./table.ts";
import { afterHello, afterSilence, transportOf, withTrust, type Hello } from "./transport.ts";

type Next = Transition<ConnectionState, ConnectionEffects>;

const DISTRUST = [["distrust", null]] as const;

/** A stream that is younger than this is believed to live. In milliseconds. */
const BELIEVED = 10_000;

/** For every input, the states that ignore it. A new state has to be decided about in each row. */
interface Ignored {
  readonly wanted: never;
  readonly unwanted: never;
  readonly hello: "idle" | "retrying" | "live" | "switching" | "postponed";
  readonly serverPause: "idle" | "retrying";
  readonly ended: "idle" | "retrying";
  readonly adopted: "idle" | "retrying" | "requesting" | "live" | "postponed";
  readonly outdated: "idle" | "retrying" | "requesting" | "live" | "postponed";
  readonly failed: "idle" | "retrying" | "requesting" | "live" | "postponed";
  readonly redo: "idle" | "retrying" | "live";
  readonly retry: "idle" | "retrying" | "live" | "postponed";
  readonly due: "idle" | "requesting" | "live" | "switching";
  readonly online: "idle" | "requesting" | "switching";
  readonly offline: "idle" | "retrying" | "requesting" | "switching";
  readonly deaf: "idle" | "retrying";
  readonly trust: never;
  readonly reconnect: "idle" | "requesting" | "live" | "switching";
  readonly close: never;
}

/** What each state does about each input. */
export const connectionTransition = defineTable<ConnectionState, ConnectionInputs, ConnectionEffects, Ignored>({
  wanted: {
    idle: (state, isWanted) => (isWanted ? begin(state) : stay(state)),
    requesting: keepWaiting,
    live: askForOthers,
    switching: keepWaiting,
    postponed: review,
    retrying: keepWaiting,
  },
  // Nobody waits until a stream is tried again: the next request is one for a stream.
  unwanted: ({ attempts }) => to({ ...IDLE, attempts: withTrust(attempts) }),
  hello: { requesting: live },
  serverPause: {
    requesting: setServerPause,
    live: setServerPause,
    switching: setServerPause,
    postponed: setServerPause,
  },
  ended: { requesting: plan, live: plan, switching: replace, postponed: plan },
  adopted: { switching: (state) => to({ ...state, kind: "requesting" }) },
  outdated: { switching: drop },
  failed: { switching: planSuccessor },
  redo: { requesting: open, switching: redo, postponed: dropIfNothingIsNew },
  retry: { requesting: wait, switching: postpone },
  due: { retrying: open, postponed: prepare },
  online: { retrying: endOutage, live: doubtIfOld, postponed: doubtInOutage },
  offline: { live: doubt, postponed: doubt },
  deaf: { requesting: waitForNext, live: plan, switching: waitForNext, postponed: plan },
  trust,
  reconnect: { retrying: begin, postponed: prepare },
  close,
});

/** A request with nothing behind it: whatever was shown before is over. */
function begin({ attempts }: Open): Next {
  return open({ kind: "requesting", attempts, shown: CONNECTING, pending: null });
}

function open(state: Open): Next {
  return to({ pending: null, ...state, kind: "requesting" }, ["open", transportOf(state.attempts)]);
}

/** What is under way or waits asks for other paths later. For none, it does not wait. */
function keepWaiting(state: Open, isWanted: boolean): Next {
  return isWanted ? stay(state) : open(state);
}

function askForOthers(state: Live, isWanted: boolean): Next {
  return isWanted ? prepare(state) : open(state);
}

function prepare(state: Running): Next {
  return to({ pending: null, ...state, kind: "switching" }, ["prepare", transportOf(state.attempts)]);
}

/** The stream goes on without a next one. Polls go on until a stream is tried once more. */
function drop({ attempts, shown }: Switching | Postponed): Next {
  const isTrial = shown === POLLING;
  return to({ kind: "live", attempts, shown }, ["drop", null], ...(isTrial ? DISTRUST : []));
}

function redo(state: Switching, isOther: boolean): Next {
  return isOther ? prepare(state) : drop(state);
}

function review(state: Postponed, isWanted: boolean): Next {
  return isWanted ? to(state, ["review", null]) : open(state);
}

/** Those who waited may have left. */
function dropIfNothingIsNew(state: Postponed, isOther: boolean): Next {
  return isOther ? stay(state) : drop(state);
}

/**
 * The stream ends, and the next one is on its way: the hub may have ended this one for it. After a loss it would begin
 * too early.
 */
function replace(state: Switching, ending: Ending): Next {
  const isLost = ending.reason === "gap" || ending.channels !== undefined;
  return isLost ? plan(state, ending) : to({ ...state, kind: "requesting" }, ["trace", ending], ["promote", null]);
}

function live(state: Requesting, { now, transport }: Hello): Next {
  const heard = afterHello(state.attempts, transport);
  const attempts = { ...heard, hasTriedFresh: false, liveSince: now, failingSince: null };
  const isPoll = transport === "poll";
  // The time for a trial may have come before the polls began.
  return to({ kind: "live", attempts, shown: isPoll ? POLLING : LIVE }, ...(isPoll ? DISTRUST : []));
}

/** The next request is one for a stream. Polls go on until that says hello. */
function trust(state: Open): Next {
  // How a poll that is under way ends says more. It plans a trial again.
  if ((state.kind === "requesting" || state.kind === "switching") && transportOf(state.attempts) === "poll") {
    return stay(state);
  }
  const trusting = { ...state, attempts: withTrust(state.attempts) };
  return trusting.kind === "live" && trusting.shown === POLLING ? prepare(trusting) : to(trusting);
}

function setServerPause(state: Streaming, serverPause: number): Next {
  return to({ ...state, attempts: { ...state.attempts, serverPause } });
}

function plan(state: Streaming, ending: Ending): Next {
  // What has failed before is the next stream, and not this one.
  const since = state.shown.state === "live" ? { ...state.attempts, failingSince: null } : state.attempts;
  const attempts = state.kind === "requesting" ? afterSilence(since, ending) : since;
  return to({ ...state, kind: "requesting", pending: null }, ["trace", ending], ...distrust(attempts), [
    "plan",
    { ending, attempts },
  ]);
}

function planSuccessor(state: Switching, ending: Ending): Next {
  const attempts = { ...afterSilence(state.attempts, ending), liveSince: Infinity };
  return to(state, ["trace", ending], ...distrust(attempts), ["planSuccessor", { ending, attempts }]);
}

function distrust(attempts: Attempts): typeof DISTRUST | readonly [] {
  return transportOf(attempts) === "poll" ? DISTRUST : [];
}

/** What has just begun is believed. */
function doubtIfOld(state: Live | Postponed, now: number): Next {
  return Math.abs(now - state.attempts.liveSince) < BELIEVED ? stay(state) : doubt(state);
}

/** What the server has asked to wait for is waited for. */
function doubtInOutage(state: Postponed, now: number): Next {
  return isOutage(state.pending.reason) ? doubtIfOld(state, now) : stay(state);
}

/**
 * The stream may have died while the machine slept or the network changed, and says nothing then. The next stream
 * proves that there is a way to the server, and replaces it.
 */
function doubt(state: Live | Postponed): Next {
  const next = prepare(state);
  return to(next.state, ...next.effects, ["doubt", null]);
}

/** The stream is dead. Its successor may only be slow: it is the stream now, or already was, and is waited for. */
function waitForNext(state: Requesting | Switching, { reason, error: cause, now }: Silence): Next {
  const attempts = { ...state.attempts, failingSince: now };
  const shown: Retrying = { state: "retrying", reason, since: now, at: now, cause };
  return to({ ...state, kind: "requesting", attempts, shown }, ["promote", null]);
}

/** The network is back. What the server has asked to wait for is waited for. */
function endOutage(state: WaitingToRetry): Next {
  return isOutage(state.shown.reason) ? open(state) : stay(state);
}

function wait(_: Open, { attempts, lastFailure }: Retry): Next {
  return to({ kind: "retrying", attempts, shown: lastFailure }, ["wait", lastFailure]);
}

/** The stream has not failed, so its life goes on. */
function postpone(state: Switching, { attempts, lastFailure }: Retry): Next {
  const alive = { ...attempts, liveSince: state.attempts.liveSince };
  return to({ ...state, kind: "postponed", attempts: alive, pending: lastFailure }, ["wait", lastFailure]);
}

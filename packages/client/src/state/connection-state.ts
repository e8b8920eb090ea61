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
 */
import {
  CONNECTING,
  IDLE_STATUS,
  LIVE,
  POLLING,
  type Ended,
  type Reason,
  type Retrying,
  type Status,
} from "../status.ts";
import { close, type Closed } from "./closed.ts";
import type { Ending } from "./ending.ts";
import { isOutage } from "./outage.ts";
import { NOTHING_YET, type Attempts, type Failed, type Retry } from "./retry.ts";
import { defineTable, stay, to, type Transition } from "./table.ts";
import { afterHello, afterSilence, transportOf, withTrust, type Hello, type Transport } from "./transport.ts";

/** What every state but `closed` knows. */
interface Progress {
  /** The status that is shown. */
  readonly shown: Status;
  /** How former requests have ended. */
  readonly attempts: Attempts;
  /** Why what is new has to wait, since the last request for the next stream. Null while none has failed. */
  readonly pending: Retrying | Ended | null;
}

/** Nothing is followed. */
interface Idle extends Progress {
  readonly kind: "idle";
}

/** The request for the stream is under way, up to its hello. */
interface Requesting extends Progress {
  readonly kind: "requesting";
}

/** The stream runs. */
interface Live extends Progress {
  readonly kind: "live";
}

/** The stream runs, and so does the request for the next one. */
interface Switching extends Progress {
  readonly kind: "switching";
}

/** The stream runs. The request for the next one has failed, and is made again when the pause is over. */
interface Postponed extends Progress {
  readonly kind: "postponed";
}

/** The next request is made when the pause is over. */
interface WaitingToRetry extends Progress {
  readonly kind: "retrying";
  /** Ended where nobody but the application can make the next request worth while: `reconnect` says when. */
  readonly shown: Retrying | Ended;
}

type Streaming = Requesting | Live | Switching | Postponed;
type Open = Idle | Streaming | WaitingToRetry;
export type ConnectionState = Open | Closed;

/** What can happen, and what is known about it. */
export interface ConnectionInputs {
  /** Other paths are followed. Whether there are any. */
  readonly wanted: boolean;
  /** There is nothing to follow. */
  readonly unwanted: null;
  readonly hello: Hello;
  /** The server's `retry`, in milliseconds. */
  readonly base: number;
  /** The stream has ended, or its request. */
  readonly ended: Ending;
  /** The next stream has said hello, and is the stream from now on. */
  readonly adopted: null;
  /** The next stream would begin before something that has happened meanwhile. */
  readonly outdated: null;
  /** The request for the next stream has ended. */
  readonly failed: Ending;
  /**
   * What was asked for last is not what is wanted any more. Whether it is something else than what the stream follows.
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
  /** The stream was doubted, and nothing has come since. What is shown then. */
  readonly deaf: Retrying;
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

type Next = Transition<ConnectionState, ConnectionEffects>;

/** A stream of less than this many milliseconds is believed to live. */
const FRESH = 10_000;

export const IDLE: Idle = { kind: "idle", shown: IDLE_STATUS, attempts: NOTHING_YET, pending: null };

/** For every input, the states that ignore it. A new state has to be decided about in each row. */
interface Ignored {
  readonly wanted: never;
  readonly unwanted: never;
  readonly hello: "idle" | "retrying" | "live" | "switching" | "postponed";
  readonly base: "idle" | "retrying";
  readonly ended: "idle" | "retrying";
  readonly adopted: "idle" | "retrying" | "requesting" | "live" | "postponed";
  readonly outdated: "idle" | "retrying" | "requesting" | "live" | "postponed";
  readonly failed: "idle" | "retrying" | "requesting" | "live" | "postponed";
  readonly redo: "idle" | "retrying" | "live";
  readonly retry: "idle" | "retrying" | "live" | "postponed";
  readonly due: "idle" | "requesting" | "live" | "switching";
  readonly online: "idle" | "requesting" | "switching";
  readonly offline: "idle" | "retrying" | "requesting" | "switching";
  readonly deaf: "idle" | "retrying" | "requesting";
  readonly trust: never;
  readonly reconnect: "idle" | "requesting" | "live" | "switching";
  readonly close: never;
}

/** What each state does about each input. */
export const connectionTransition = defineTable<ConnectionState, ConnectionInputs, ConnectionEffects, Ignored>({
  wanted: { idle: begin, requesting: look, live: change, switching: look, postponed: review, retrying: look },
  // Nobody waits until a stream is tried again: the next request is one for a stream.
  unwanted: ({ attempts }) => to({ ...IDLE, attempts: withTrust(attempts) }),
  hello: { requesting: live },
  base: { requesting: obey, live: obey, switching: obey, postponed: obey },
  ended: { requesting: plan, live: plan, switching: replace, postponed: plan },
  adopted: { switching: (state) => to({ ...state, kind: "requesting" }) },
  outdated: { switching: drop },
  failed: { switching: planSuccessor },
  redo: { requesting: open, switching: redo, postponed: settle },
  retry: { requesting: wait, switching: postpone },
  due: { retrying: open, postponed: prepare },
  online: { retrying: hurry, live: probe, postponed: probe },
  offline: { live: doubt, postponed: doubt },
  deaf: { live: giveUp, switching: waitForNext, postponed: giveUp },
  trust,
  reconnect: { retrying: begin, postponed: prepare },
  close,
});

/** A request with nothing behind it: whatever was shown before is over. */
function begin(state: Open): Next {
  return open({ ...state, shown: CONNECTING } as Open);
}

function open(state: Open): Next {
  return to({ ...state, kind: "requesting" }, ["open", transportOf(state.attempts)]);
}

/** What is under way or waits asks for other paths later. For none, it does not wait. */
function look(state: Open, isWanted: boolean): Next {
  return isWanted ? stay(state) : open(state);
}

function change(state: Open, isWanted: boolean): Next {
  return isWanted ? prepare(state) : open(state);
}

function prepare(state: Open): Next {
  return to({ ...state, kind: "switching" }, ["prepare", transportOf(state.attempts)]);
}

/** The stream goes on without a next one. */
function drop(state: Switching | Postponed): Next {
  return to({ ...state, kind: "live", pending: null }, ["drop", null]);
}

function redo(state: Switching, isOther: boolean): Next {
  return isOther ? prepare(state) : drop(state);
}

function review(state: Postponed, isWanted: boolean): Next {
  return isWanted ? to(state, ["review", null]) : open(state);
}

/** Those who waited may have left. */
function settle(state: Postponed, isOther: boolean): Next {
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

function live(state: Open, { now, transport }: Hello): Next {
  const heard = afterHello(state.attempts, transport);
  const attempts = { ...heard, hasTriedFresh: false, liveSince: now, failingSince: null };
  return to({ kind: "live", attempts, shown: transport === "poll" ? POLLING : LIVE, pending: null });
}

/** The next request is one for a stream. Polls go on until that says hello. */
function trust(state: Open): Next {
  const trusting = { ...state, attempts: withTrust(state.attempts) };
  return state.kind === "live" && state.shown === POLLING ? prepare(trusting) : to(trusting);
}

function obey(state: Streaming, base: number): Next {
  return to({ ...state, attempts: { ...state.attempts, base } });
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

function distrust(attempts: Attempts): readonly (readonly ["distrust", null])[] {
  return transportOf(attempts) === "poll" ? [["distrust", null]] : [];
}

/** What has just begun is believed. What the server has asked to wait for is waited for. */
function probe(state: Live | Postponed, now: number): Next {
  const isFresh = Math.abs(now - state.attempts.liveSince) < FRESH;
  return isFresh || (state.pending && !isOutage(state.pending.reason)) ? stay(state) : doubt(state);
}

/**
 * The stream may have died while the machine slept or the network changed, and says nothing then. The next stream
 * proves that there is a way to the server, and replaces it.
 */
function doubt(state: Live | Postponed): Next {
  const next = prepare(state);
  return to(next.state, ...next.effects, ["doubt", null]);
}

function giveUp(state: Live | Postponed, { reason, cause: error }: Retrying): Next {
  return plan(state, { reason, error });
}

/** The stream is dead. Its successor may only be slow: it is the stream now, and is waited for. */
function waitForNext(state: Switching, shown: Retrying): Next {
  const attempts = { ...state.attempts, failingSince: shown.since };
  return to({ ...state, kind: "requesting", attempts, shown }, ["promote", null]);
}

/** The network is back. What the server has asked to wait for is waited for. */
function hurry(state: WaitingToRetry): Next {
  return isOutage(state.shown.reason) ? open(state) : stay(state);
}

function wait(_: Open, { attempts, lastFailure }: Retry): Next {
  return to({ kind: "retrying", attempts, shown: lastFailure, pending: null }, ["wait", lastFailure]);
}

/** The stream has not failed, so its life goes on. */
function postpone({ shown, attempts: { liveSince } }: Switching, { attempts, lastFailure }: Retry): Next {
  return to({ kind: "postponed", attempts: { ...attempts, liveSince }, shown, pending: lastFailure }, [
    "wait",
    lastFailure,
  ]);
}

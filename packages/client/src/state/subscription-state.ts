/**
 * One subscription, as a state machine: a cursor of its own, which catches up by pages and joins the shared stream.
 *
 * ```
 * paused      the consumer has room          → loading
 * loading     a page arrives                 → delivering
 * delivering  the page ends                  → joined or waiting; loading, when there is more
 *             the consumer is full           → paused
 * waiting     the stream follows the path    → joined, when the cursor covers it; otherwise loading
 * joined      the consumer is full           → paused
 *             a gap                          → joined, failed (to start anew behind it), or loading
 *             the stream changes the epoch   → loading, when the cursor is ahead of it
 * any         a page fails, or a refusal     → failed
 * failed      there will be another attempt  → retrying
 * retrying    its time comes                 → loading
 * any         close, or the third gap within a minute → closed
 * ```
 *
 * `closed` absorbs every input.
 *
 * A transition returns the next state and effects. The driver carries them out in their order. An effect can lead to
 * another state, for example when a handler closes the subscription. Then the driver drops the other effects.
 */
import type { GapReason, PageBody } from "@tidings/protocol";
import type { Item } from "../deliver/item.ts";
import type { Gap } from "../handlers.ts";
import type { Reason, Retrying, Status } from "../status.ts";
import type { Ending } from "./ending.ts";
import { isOutage } from "./outage.ts";
import { furthest, hasSeen, isAfter, toPosition, type Position, type StreamPosition } from "./position.ts";
import type { Transition } from "./transition.ts";

/** What a transition knows besides the state. Only the members of `position` change: the stream moves them. */
export interface Traits {
  readonly channel: string;
  /** Whether it begins with a state, and so after a gap. */
  readonly wantsState: boolean;
  /** Whether a beginning has something to load: a state, or current values. */
  readonly beginsByPage: boolean;
  /** How far the shared stream has come with the channel. */
  readonly position: ChannelPosition;
}

/** What every state but `closed` knows. */
interface Progress {
  /** Everything up to here is delivered. Null until there is a beginning. */
  readonly cursor: Position | null;
  /** When the gaps of the last minute were, in milliseconds since 1970. */
  readonly gaps: readonly number[];
  /** Whether the next page brings the current values, too, as after a gap. */
  readonly startsAnew: boolean;
  /** Why the last page failed. It is shown until a page arrives. */
  readonly lastFailure: Retrying | null;
}

/** What a page is asked for. Cursors are tokens. */
export interface PageWish {
  /** Where to go on from. Null where the page begins anew. */
  readonly after: string | null;
  /** Where to begin anew, with the current values: a cursor or `now`. Null where the page goes on. */
  readonly start: string | null;
  /** Whether to begin with the state. */
  readonly snapshot: boolean;
}

/** The consumer has no room. Also the state before the first page. */
interface Paused {
  readonly kind: "paused";
  readonly progress: Progress;
  readonly begun?: undefined;
}

/** A page has been asked for. */
interface Loading {
  readonly kind: "loading";
  readonly progress: Progress;
  readonly begun: PageWish;
}

/** A page has arrived. The consumer gets one item after the other. */
interface Delivering {
  readonly kind: "delivering";
  readonly progress: Progress;
  readonly begun?: undefined;
  readonly page: PageBody;
  /** The cursor when the page arrived. */
  readonly before: Position | null;
}

/** A page failed, or cannot be used. How long to wait is being decided. */
interface Failed {
  readonly kind: "failed";
  readonly progress: Progress;
  readonly begun?: undefined;
}

/** The next page is asked for when the pause is over. */
interface WaitingToRetry {
  readonly kind: "retrying";
  readonly progress: Progress;
  readonly begun: Retrying;
}

/** There is nothing to load. The stream is about to follow the address, or to bring its next event. */
interface Waiting {
  readonly kind: "waiting";
  readonly progress: Progress;
  readonly begun?: undefined;
}

/** The stream delivers. */
interface Joined {
  readonly kind: "joined";
  readonly progress: Progress;
  readonly begun?: undefined;
}

/** It has ended, for good. */
interface Closed {
  readonly kind: "closed";
  readonly reason: Reason;
  readonly begun?: undefined;
}

type Open = Paused | Loading | Delivering | Failed | WaitingToRetry | Waiting | Joined;
export type SubscriptionState = Open | Closed;

interface ArrivedPage {
  readonly body: PageBody;
  /** When it arrived, in milliseconds since 1970. */
  readonly now: number;
}

interface StreamGap {
  readonly reason: GapReason;
  /** Where the stream goes on when its own position is void. Null: after the hole, wherever that is. */
  readonly next: Position | null;
  /** In milliseconds since 1970. */
  readonly now: number;
}

/** How far the shared stream has come with one channel. */
export interface ChannelPosition {
  readonly stream: StreamPosition;
  /** Up to here it has carried the channel. Null while that is not known. */
  readonly reached: Position | null;
}

interface Answer {
  readonly item: Item;
  readonly isTaken: boolean;
}

/** What can happen, and what is known about it. */
export interface SubscriptionInputs {
  /** The consumer has room. */
  readonly room: null;
  /** The stream follows the address now. */
  readonly start: null;
  /** The stream, or the page that is being delivered, has brought something of the address. */
  readonly item: Item;
  /** The stream has a hole in the address. */
  readonly gap: StreamGap;
  /**
   * The stream goes on from this position into another epoch. Only a page can say whether what our own pages have
   * brought from after the position still exists.
   */
  readonly epoch: Position;
  /** The stream is live. */
  readonly live: null;
  /** The page that was asked for has arrived. Its items follow, then its end. */
  readonly page: ArrivedPage;
  readonly pageEnd: null;
  /** The page that was asked for did not come, or the server refuses the address. */
  readonly failure: Ending;
  /** Whether the consumer has taken the item that it was offered. */
  readonly answer: Answer;
  /** When to try again, and why. */
  readonly retry: Retrying;
  /** The pause is over. */
  readonly due: null;
  readonly close: Reason;
}

/** What is to be done, and what is known about it. */
export interface SubscriptionEffects {
  readonly load: PageWish;
  /** An input `item` for each, and `pageEnd` follow. */
  readonly unpack: PageBody;
  /** The input `answer` follows. */
  readonly offer: Item;
  /** The input `retry` follows, or `close` where nothing is tried again. */
  readonly plan: Ending;
  readonly wait: Retrying;
  readonly gap: Gap;
  /** A page brought something new: former failures do not count any more. */
  readonly recover: null;
  readonly end: Reason;
}

type Next = Transition<SubscriptionState, SubscriptionEffects>;

/** A second gap within a minute is a failed attempt, a third ends the subscription. */
const MOST_GAPS = 2;
/** Milliseconds after which a gap does not count any more. */
const GAP_MEMORY = 60_000;

/** The state of a new subscription. It loads its first page when it hears that there is room. */
export function initialState(after: Position | null, { beginsByPage }: Traits): SubscriptionState {
  const progress = { cursor: after, gaps: [], startsAnew: false, lastFailure: null };
  return { kind: after || beginsByPage ? "paused" : "waiting", progress };
}

/** What follows from an input. */
export function transition<Name extends keyof SubscriptionInputs>(
  state: SubscriptionState,
  input: Name,
  about: SubscriptionInputs[Name],
  traits: Traits,
): Next {
  // The row is that of the input, and the column that of the state. The compiler cannot follow two lookups.
  const cell = TABLE[input][state.kind] as Cell<SubscriptionState, SubscriptionInputs[Name]>;
  return cell(state, traits, about);
}

/** What an onlooker sees of a subscription, whose connection has a status, too. */
export function statusOf(state: SubscriptionState, connection: Status): Status {
  if (state.kind === "closed") {
    return { state: "closed", reason: state.reason };
  }
  const { cursor, lastFailure } = state.progress;
  // A refused address has left the stream, so the status of the stream is not its own.
  const isOwn = connection.state === "live" || lastFailure?.reason === "unknown";
  if (!isOwn) {
    return connection;
  }
  // With a position, nothing from there on will be missed.
  return lastFailure ?? { state: cursor ? "live" : "connecting" };
}

type Kind = SubscriptionState["kind"];
type Cell<State, About> = (state: State, traits: Traits, about: About) => Next;

/** For every input, what each state does about it. `closed` does nothing, whatever comes. */
type Table = {
  readonly [Name in keyof SubscriptionInputs]: {
    readonly [Each in Kind]: Each extends "closed"
      ? typeof stay
      : Cell<Extract<SubscriptionState, { kind: Each }>, SubscriptionInputs[Name]>;
  };
};

/** The same cell in every state but `closed`. The compiler asks for a new state here, and in no row that uses this. */
function everywhere<About>(cell: Cell<Open, About>) {
  return {
    paused: cell,
    loading: cell,
    delivering: cell,
    failed: cell,
    retrying: cell,
    waiting: cell,
    joined: cell,
    closed: stay,
  };
}

/**
 * A row without an effect in any state. Rows that begin with it name the states in which the input matters. For a new
 * state, each of these rows has to be checked by hand: without a cell of its own, it stays.
 */
const STAY = everywhere(stay);

const TABLE: Table = {
  room: { ...STAY, paused: load },
  start: { ...STAY, waiting: (state, traits) => join(state, traits) },
  item: { ...STAY, delivering: takeItem, waiting: takeFirstItem, joined: takeItem },
  gap: {
    ...STAY,
    // A page that is under way may be older than the loss.
    loading: load,
    delivering: load,
    retrying: load,
    waiting: (state, traits) => (state.progress.cursor ? load(state, traits) : join(state, traits)),
    joined: meetGap,
  },
  epoch: { ...STAY, joined: leaveEpoch },
  live: { ...STAY, retrying: hurry },
  page: { ...STAY, loading: takePage },
  pageEnd: { ...STAY, delivering: endPage },
  failure: everywhere(({ progress }, _, ending) => fail(progress, ending)),
  answer: { ...STAY, delivering: afterItem, joined: afterItem },
  retry: { ...STAY, failed: wait },
  due: { ...STAY, retrying: load },
  close: everywhere((_state, _traits, reason) => end(reason)),
};

function to(state: SubscriptionState, ...effects: Next["effects"]): Next {
  return { state, effects };
}

function stay(state: SubscriptionState): Next {
  return to(state);
}

function end(reason: Reason, ...effects: Next["effects"]): Next {
  return to({ kind: "closed", reason }, ...effects, ["end", reason]);
}

// ---- pages ----------------------------------------------------------------------------------------------------------

/** Asks for a page at once, together with others. */
function load({ progress }: Pick<Open, "progress">, { wantsState }: Traits): Next {
  const { cursor, startsAnew } = progress;
  const token = cursor?.token ?? null;
  const goesOn = token !== null && !startsAnew;
  const begun: PageWish = {
    after: goesOn ? token : null,
    start: goesOn ? null : (token ?? "now"),
    snapshot: !cursor && wantsState,
  };
  return to({ kind: "loading", progress, begun }, ["load", begun]);
}

/** Where the network was missing, it is back. What the server has asked to wait for is waited for. */
function hurry(state: WaitingToRetry, traits: Traits): Next {
  const { lastFailure } = state.progress;
  return lastFailure && isOutage(lastFailure.reason) ? load(state, traits) : stay(state);
}

function takePage({ progress }: Loading, traits: Traits, { body, now }: ArrivedPage): Next {
  const { channel } = traits;
  const reason = body.refused?.[channel];
  if (reason) {
    return fail(progress, { reason });
  }
  function deliver(known: Progress, ...effects: Next["effects"]): Next {
    const arrived = { ...known, startsAnew: false, lastFailure: null };
    return to({ kind: "delivering", progress: arrived, page: body, before: arrived.cursor }, ...effects, [
      "unpack",
      body,
    ]);
  }
  const gap = body.gap?.channels[channel];
  return gap
    ? meetHole(progress, traits, { reason: gap, next: toPosition(body.cursor), now }, deliver)
    : deliver(progress);
}

function endPage({ progress, page, before }: Delivering, traits: Traits): Next {
  // Never backwards: the page may come from a server that lags.
  const cursor = furthest(progress.cursor, toPosition(page.cursor));
  const ended = { progress: { ...progress, cursor } };
  const isNew = cursor?.token !== before?.token;
  const next = page.more ? load(ended, traits) : join(ended, traits, !isNew);
  return isNew ? to(next.state, ["recover", null], ...next.effects) : next;
}

/**
 * Joins the stream when the cursor covers what the stream has carried of the channel.
 * @param isStale whether a page has just brought nothing new
 */
function join({ progress }: Pick<Waiting, "progress">, traits: Traits, isStale = false): Next {
  const { reached, stream } = traits.position;
  if (!reached) {
    return to({ kind: "waiting", progress });
  }
  const cursor = progress.cursor ?? reached;
  const begun = { ...progress, cursor };
  // Positions of different epochs cannot be compared. Once the stream has left the epoch in which it has carried the
  // channel, the cursor has to cover where the stream stands.
  const needed = hasSeen(stream.carried, reached) ? reached : stream.carried;
  if (hasSeen(cursor, needed)) {
    return to({ kind: "joined", progress: begun });
  }
  return isStale ? fail(begun, { reason: "unavailable" }) : load({ progress: begun }, traits);
}

// ---- failures -------------------------------------------------------------------------------------------------------

/** A page has failed, or is not the one that is needed. */
function fail(progress: Progress, ending: Ending, ...effects: Next["effects"]): Next {
  return to({ kind: "failed", progress }, ...effects, ["plan", ending]);
}

function wait({ progress }: Failed, _: Traits, lastFailure: Retrying): Next {
  return to({ kind: "retrying", progress: { ...progress, lastFailure }, begun: lastFailure }, ["wait", lastFailure]);
}

// ---- items ----------------------------------------------------------------------------------------------------------

/** Offers an item to the consumer, unless it is a repetition. */
function takeItem(state: Joined | Delivering, _: Traits, item: Item): Next {
  return hasSeen(state.progress.cursor, item.position) ? stay(state) : to(state, ["offer", item]);
}

function takeFirstItem(state: Waiting, traits: Traits, item: Item): Next {
  const { progress } = state;
  if (!item.position) {
    return stay(state);
  }
  // Without a beginning, and with nothing to load for one, it begins with the first event.
  return progress.cursor ? join(state, traits) : to({ kind: "joined", progress }, ["offer", item]);
}

function afterItem(state: Joined | Delivering, traits: Traits, { item: { position }, isTaken }: Answer): Next {
  const { kind, progress } = state;
  // What has no position cannot be asked for again.
  if (!position) {
    return stay(state);
  }
  if (isTaken) {
    return to({ ...state, progress: { ...progress, cursor: position } });
  }
  // What the stream has carried of other channels is nothing that we miss.
  const cursor = kind === "joined" ? furthest(progress.cursor, traits.position.stream.handled) : progress.cursor;
  return to({ kind: "paused", progress: { ...progress, cursor } });
}

function leaveEpoch(state: Joined, traits: Traits, last: Position): Next {
  return isAfter(state.progress.cursor, last) ? load(state, traits) : stay(state);
}

// ---- gaps -----------------------------------------------------------------------------------------------------------

/**
 * What follows from a hole in the channel.
 * @param goOn where neither a state nor current values have to be loaded first
 */
function meetHole(
  progress: Progress,
  { channel, wantsState, beginsByPage }: Traits,
  { reason, next, now }: StreamGap,
  goOn: (progress: Progress, ...effects: Next["effects"]) => Next,
): Next {
  const { cursor } = progress;
  const isTrimmed = reason === "trimmed";
  const goesOn = !wantsState && (!beginsByPage || (isTrimmed && progress.startsAnew));
  // Current values are loaded first. The page that brings them tells the gap, together with what is left.
  if (isTrimmed && !wantsState && !goesOn) {
    return startAnew(progress);
  }
  const kept = isTrimmed ? cursor : (next ?? cursor);
  const gaps = [...progress.gaps.filter((at) => now - at < GAP_MEMORY), now];
  // A state is as new as its page. Without a state, what comes between the gap and the page is owed.
  const behind = { ...progress, cursor: wantsState ? null : kept, gaps };
  const effect = ["gap", { channel, reason, after: cursor?.token ?? null }] as const;
  if (gaps.length > MOST_GAPS) {
    return end("gap-loop", effect);
  }
  return goesOn ? goOn(behind, effect) : startAnew(behind, effect);
}

/** Starts anew behind a hole: with a state, or with the current values. */
function startAnew(progress: Progress, ...effects: Next["effects"]): Next {
  return fail({ ...progress, startsAnew: true }, { reason: "gap" }, ...effects);
}

function meetGap(state: Joined, traits: Traits, gap: StreamGap): Next {
  const { progress } = state;
  // Our own pages may have covered long ago what the stream has carried up to here. They tell about our own position.
  if (!gap.next && isAfter(progress.cursor, traits.position.stream.handled)) {
    return load(state, traits);
  }
  return meetHole(progress, traits, gap, (behind, ...effects) => to({ kind: "joined", progress: behind }, ...effects));
}

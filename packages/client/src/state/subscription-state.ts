/**
 * One subscription, as a pure state machine: a cursor of its own, which catches up by pages and joins the shared stream.
 *
 *   paused ────room────▶ loading ────page────▶ delivering ────page end────▶ waiting ────it covers the stream────▶ joined
 *                        ▲  ▲  │                │ │                          │                                    │
 *                        │  │  │                │ └── there are more pages ──┼── it does not ──┐                  │
 *                        │  └──┼────────────────┼────────────────────────────┼─────────────────┴── a page tells ──┤
 *                        │     │                │                            │                                    │
 *                       due  failure            │                 gap to start anew behind                        │
 *                        │     ▼                │                            ▼                                    │
 *                        │   failed ◀───────────┼────────────────────────────┴──── refusal (from any state) ──────┤
 *                        │     │                │                                                                 │
 *                        └── retrying ◀─plan    └──── consumer is full ─▶ paused ◀──── consumer is full ──────────┘
 *
 *   closed: from any state by `close`, from `failed` without a plan, and by the third gap within a minute.
 *           It absorbs every input.
 *
 * A transition returns the next state and effects. The driver carries them out in their order. When one of them has led to
 * another state, say because a handler has closed the subscription, the driver drops the rest of them.
 */
import type { GapReason, PageBody } from "@tidings/protocol";
import type { Item } from "../deliver/item.ts";
import type { Gap } from "../handlers.ts";
import type { Reason, Retrying, Status } from "../status.ts";
import type { Ending } from "./ending.ts";
import { isOutage, type Pause, type Plan } from "./plan.ts";
import { furthest, hasSeen, isAfter, type Position, type StreamPosition } from "./position.ts";
import type { Transition } from "./transition.ts";

/** What never changes of a subscription. */
export interface Traits {
  readonly channel: string;
  /** Whether it begins with a state, and so after a gap. */
  readonly wantsState: boolean;
  /** Whether a beginning has something to load: a state, or current values. */
  readonly beginsByPage: boolean;
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
  readonly trouble: Retrying | null;
}

/** What a page is asked for. */
export interface PageWish {
  /** Where to go on from. Null where the page begins anew. */
  readonly after: Position | null;
  /** Where to begin anew, with the current values. Null where the page goes on. */
  readonly start: Position | "now" | null;
  readonly wantsState: boolean;
}

/** The consumer has no room. Also the state before the first page. */
interface Paused {
  readonly kind: "paused";
  readonly progress: Progress;
}

/** A page has been asked for. */
interface Loading {
  readonly kind: "loading";
  readonly progress: Progress;
  readonly wish: PageWish;
}

/** A page has arrived. The consumer gets one item after the other. */
interface Delivering {
  readonly kind: "delivering";
  readonly progress: Progress;
  /** Where the page ends. */
  readonly end: Position | null;
  /** Whether there is another page behind it. */
  readonly more: boolean;
  /** The cursor when the page arrived. */
  readonly before: Position | null;
}

/** A page failed, or cannot be used. How long to wait is being decided. */
interface Failed {
  readonly kind: "failed";
  readonly progress: Progress;
  readonly reason: Reason;
}

/** The next page is asked for when the pause is over. */
interface WaitingToRetry {
  readonly kind: "retrying";
  readonly progress: Progress;
  readonly pause: Pause;
}

/** There is nothing to load. The stream is about to follow the address, or to bring its next event. */
interface Waiting {
  readonly kind: "waiting";
  readonly progress: Progress;
}

/** The stream delivers. */
interface Joined {
  readonly kind: "joined";
  readonly progress: Progress;
}

/** It has ended, for good. */
interface Closed {
  readonly kind: "closed";
  readonly reason: Reason;
}

type Open = Paused | Loading | Delivering | Failed | WaitingToRetry | Waiting | Joined;
export type SubscriptionState = Open | Closed;

/** A page, as far as the machine looks at it. */
interface ArrivedPage {
  readonly body: PageBody;
  readonly refused: Reason | null;
  readonly gap: GapReason | null;
  readonly end: Position | null;
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
  /** The stream has brought something of the address. */
  readonly item: Item;
  /** The stream has a hole in the address. */
  readonly gap: StreamGap;
  /**
   * The stream goes on from this position into another epoch. Only a page can say whether what our own pages have brought from
   * after the position still exists.
   */
  readonly epoch: Position;
  /** The stream does not follow the address any more. */
  readonly refused: Reason;
  /** The stream is live. */
  readonly live: null;
  /** The page that was asked for has arrived. Its items follow, then its end. */
  readonly page: ArrivedPage;
  readonly pageItem: Item;
  readonly pageEnd: null;
  /** The page that was asked for did not come. */
  readonly failure: Ending;
  /** Whether the consumer has taken the item that it was offered. */
  readonly answer: Answer;
  /** When to try again. Null: never. */
  readonly plan: Plan | null;
  /** The pause is over. */
  readonly due: null;
  readonly close: Reason;
}

/** What is to be done, and what is known about it. */
export interface SubscriptionEffects {
  readonly load: PageWish;
  /** The inputs `pageItem` and `pageEnd` follow. */
  readonly unpack: PageBody;
  /** The input `answer` follows. */
  readonly offer: Item;
  /** The input `plan` follows. */
  readonly plan: Ending;
  readonly wait: Pause;
  readonly tellGap: Gap;
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
  const progress = { cursor: after, gaps: [], startsAnew: false, trouble: null };
  return { kind: after || beginsByPage ? "paused" : "waiting", progress };
}

/** What follows from an input. */
export function transition<Name extends keyof SubscriptionInputs>(
  state: SubscriptionState,
  input: Name,
  about: SubscriptionInputs[Name],
  traits: Traits,
  position: ChannelPosition,
): Next {
  // The row is that of the input, and the column that of the state. The compiler cannot follow two lookups.
  const cell = TABLE[input][state.kind] as Cell<SubscriptionState, SubscriptionInputs[Name]>;
  return cell(state, about, traits, position);
}

/** What an onlooker sees of a subscription, whose connection has a status, too. */
export function statusOf(state: SubscriptionState, connection: Status): Status {
  if (state.kind === "closed") {
    return { state: "closed", reason: state.reason };
  }
  const { cursor, trouble } = state.progress;
  // A refused address has left the stream, so the status of the stream is not its own.
  const isOwn = connection.state === "live" || trouble?.reason === "unknown";
  if (!isOwn) {
    return connection;
  }
  // With a position, nothing from there on will be missed.
  return trouble ?? { state: cursor ? "live" : "connecting" };
}

type Kind = SubscriptionState["kind"];
type Cell<State, About> = (state: State, about: About, traits: Traits, position: ChannelPosition) => Next;

/** For every input, what each state does about it. */
type Table = {
  readonly [Name in keyof SubscriptionInputs]: {
    readonly [Each in Kind]: Cell<Extract<SubscriptionState, { kind: Each }>, SubscriptionInputs[Name]>;
  };
};

/** The same cell in every state but the last. */
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

/** A row of which nothing follows. */
const STAY = everywhere(stay);

const TABLE: Table = {
  room: { ...STAY, paused: load },
  start: { ...STAY, waiting: join },
  item: { ...STAY, waiting: takeFirstItem, joined: takeItem },
  gap: {
    ...STAY,
    // A page that is under way may be older than the loss.
    loading: load,
    delivering: load,
    retrying: load,
    waiting: (state, _, traits, position) =>
      state.progress.cursor ? load(state, _, traits) : join(state, _, traits, position),
    joined: meetGap,
  },
  epoch: { ...STAY, joined: leaveEpoch },
  refused: everywhere((state, reason) => fail(state.progress, { reason })),
  live: { ...STAY, retrying: hurry },
  page: { ...STAY, loading: takePage },
  pageItem: { ...STAY, delivering: takeItem },
  pageEnd: { ...STAY, delivering: endPage },
  failure: { ...STAY, loading: ({ progress }, ending) => fail(progress, ending) },
  answer: { ...STAY, delivering: afterPageItem, joined: afterStreamItem },
  plan: { ...STAY, failed: followPlan },
  due: { ...STAY, retrying: load },
  close: everywhere((_, reason) => end(reason)),
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
function load({ progress }: Open, _: unknown, { wantsState }: Traits): Next {
  const { cursor, startsAnew } = progress;
  const goesOn = cursor && !startsAnew;
  const wish: PageWish = {
    after: goesOn ? cursor : null,
    start: goesOn ? null : (cursor ?? "now"),
    wantsState: !cursor && wantsState,
  };
  return to({ kind: "loading", progress, wish }, ["load", wish]);
}

/** Where the network was missing, it is back. What the server has asked to wait for is waited for. */
function hurry(state: WaitingToRetry, _: null, traits: Traits): Next {
  const { trouble } = state.progress;
  return trouble && isOutage(trouble.reason) ? load(state, _, traits) : stay(state);
}

function takePage({ progress }: Loading, page: ArrivedPage, traits: Traits): Next {
  const { body, refused, gap, end: pageEnd, now } = page;
  if (refused) {
    return fail(progress, { reason: refused });
  }
  const hole = gap && meetHole(progress, gap, pageEnd, now, traits);
  if (hole && hole.outcome !== "go on") {
    return startAnew(hole);
  }
  const arrived = { ...(hole?.progress ?? progress), startsAnew: false, trouble: null };
  const delivering: Delivering = {
    kind: "delivering",
    progress: arrived,
    end: pageEnd,
    more: body.more,
    before: arrived.cursor,
  };
  return to(delivering, ...(hole?.effects ?? []), ["unpack", body]);
}

function endPage(state: Delivering, _: null, traits: Traits, position: ChannelPosition): Next {
  // Never backwards: the page may come from a server that lags.
  const cursor = furthest(state.progress.cursor, state.end);
  const ended: Waiting = { kind: "waiting", progress: { ...state.progress, cursor } };
  const isNew = cursor?.token !== state.before?.token;
  const next = state.more ? load(ended, _, traits) : join(ended, _, traits, position, !isNew);
  return isNew ? to(next.state, ["recover", null], ...next.effects) : next;
}

/**
 * Joins the stream when the cursor covers what the stream has carried of the channel.
 * @param isStale whether a page has just brought nothing new
 */
function join(
  state: Waiting,
  _: unknown,
  traits: Traits,
  { reached, stream: { carried } }: ChannelPosition,
  isStale = false,
): Next {
  if (!reached) {
    return to(state);
  }
  const progress = { ...state.progress, cursor: state.progress.cursor ?? reached };
  // Positions of different epochs cannot be compared. Once the stream has left the epoch in which it has carried the channel,
  // the cursor has to cover where the stream stands.
  const needed = hasSeen(carried, reached) ? reached : carried;
  if (hasSeen(progress.cursor, needed)) {
    return to({ kind: "joined", progress });
  }
  return isStale ? fail(progress, { reason: "unavailable" }) : load({ kind: "waiting", progress }, _, traits);
}

// ---- failures -------------------------------------------------------------------------------------------------------

/** A page has failed, or is not the one that is needed. */
function fail(progress: Progress, ending: Ending, ...effects: Next["effects"]): Next {
  return to({ kind: "failed", progress, reason: ending.reason }, ...effects, ["plan", ending]);
}

function followPlan({ progress, reason }: Failed, plan: Plan | null): Next {
  if (!plan) {
    return end(reason);
  }
  const { trouble, pause } = plan;
  return to({ kind: "retrying", progress: { ...progress, trouble }, pause }, ["wait", pause]);
}

// ---- items ----------------------------------------------------------------------------------------------------------

/** Offers an item to the consumer, unless it is a repetition. */
function takeItem(state: Joined | Delivering, item: Item): Next {
  return hasSeen(state.progress.cursor, item.position) ? stay(state) : to(state, ["offer", item]);
}

function takeFirstItem(state: Waiting, item: Item, traits: Traits, position: ChannelPosition): Next {
  const { progress } = state;
  if (!item.position) {
    return stay(state);
  }
  // Without a beginning, and with nothing to load for one, it begins with the first event.
  return progress.cursor ? join(state, item, traits, position) : to({ kind: "joined", progress }, ["offer", item]);
}

function afterPageItem(state: Delivering, { item: { position }, isTaken }: Answer): Next {
  const { progress } = state;
  // What has no position cannot be asked for again.
  if (!position) {
    return stay(state);
  }
  return isTaken ? to({ ...state, progress: { ...progress, cursor: position } }) : to({ kind: "paused", progress });
}

function afterStreamItem(
  state: Joined,
  { item: { position }, isTaken }: Answer,
  _: Traits,
  { stream: { handled } }: ChannelPosition,
): Next {
  const { progress } = state;
  // What has no position cannot be asked for again.
  if (!position) {
    return stay(state);
  }
  // What the stream has carried of other channels is nothing that we miss.
  const cursor = isTaken ? position : furthest(progress.cursor, handled);
  return to({ kind: isTaken ? "joined" : "paused", progress: { ...progress, cursor } });
}

function leaveEpoch(state: Joined, position: Position, traits: Traits): Next {
  return isAfter(state.progress.cursor, position) ? load(state, null, traits) : stay(state);
}

// ---- gaps -----------------------------------------------------------------------------------------------------------

/** What follows from a hole in the channel. */
interface Hole {
  readonly outcome: "go on" | "start anew" | "gap loop";
  readonly progress: Progress;
  readonly effects: Next["effects"];
}

/** @param next where the log goes on when our own position is void */
function meetHole(
  progress: Progress,
  reason: GapReason,
  next: Position | null,
  now: number,
  { channel, wantsState, beginsByPage }: Traits,
): Hole {
  const { cursor, startsAnew } = progress;
  const isTrimmed = reason === "trimmed";
  const goesOn = !wantsState && (!beginsByPage || (isTrimmed && startsAnew));
  // Current values are loaded first. The page that brings them tells the gap, together with what is left.
  if (isTrimmed && !wantsState && !goesOn) {
    return { outcome: "start anew", progress, effects: [] };
  }
  const kept = isTrimmed ? cursor : (next ?? cursor);
  const gaps = [...progress.gaps.filter((at) => now - at < GAP_MEMORY), now];
  const outcome = goesOn ? "go on" : "start anew";
  return {
    outcome: gaps.length > MOST_GAPS ? "gap loop" : outcome,
    // A state is as new as its page. Without a state, what comes between the gap and the page is owed.
    progress: { ...progress, cursor: wantsState ? null : kept, gaps },
    effects: [["tellGap", { channel, reason, after: cursor?.token ?? null }]],
  };
}

/** Starts anew behind a hole: with a state, or with the current values. */
function startAnew({ outcome, progress, effects }: Hole): Next {
  return outcome === "gap loop"
    ? end("gap-loop", ...effects)
    : fail({ ...progress, startsAnew: true }, { reason: "gap" }, ...effects);
}

function meetGap(state: Joined, gap: StreamGap, traits: Traits, { stream }: ChannelPosition): Next {
  const { reason, next, now } = gap;
  const { progress } = state;
  // Our own pages may have covered long ago what the stream has carried up to here. They tell about our own position.
  if (!next && isAfter(progress.cursor, stream.handled)) {
    return load(state, gap, traits);
  }
  const hole = meetHole(progress, reason, next, now, traits);
  return hole.outcome === "go on" ? to({ kind: "joined", progress: hole.progress }, ...hole.effects) : startAnew(hole);
}

/**
 * One subscription, as a state machine: a cursor of its own, which catches up by pages and joins the shared stream.
 *
 * ```
 * paused      the consumer has room          → loading
 * loading     a page arrives                 → delivering
 *             the page has a gap             → failed (to start anew after it), or delivering
 *             the stream has a gap           → loading, again
 *             the page is too large          → failed (to start anew from now)
 * delivering  the page ends                  → joined or waiting; loading, when there is more
 *             the page brings nothing new, or too many pages have brought nothing → failed, unless the stream can be
 *               joined
 *             the consumer is full           → paused
 *             something is not readable, and there is a state → failed (to load the state again)
 *             the stream has a gap           → loading
 * waiting     the stream follows the path    → joined, when the cursor covers it; otherwise loading
 *             the stream brings an event     → joined, when there is no cursor yet; otherwise as above
 *             somebody waits for an event of another epoch → loading
 *             the stream has a gap           → loading; joined or waiting, when there is no cursor yet
 * joined      the consumer is full           → paused
 *             something is not readable, and there is a state → failed (to load the state again)
 *             the stream has a gap           → joined, failed (to start anew after it), or loading
 *             the stream changes the epoch, or a heartbeat comes → loading, when the cursor is ahead of it
 *             somebody waits for an event of another epoch → loading
 *             another stream is to follow it → waiting
 * failed      there will be another attempt  → retrying
 *             there will be none, for example after the third gap within a minute → closed
 * retrying    its time comes, reconnect, or the stream is void → loading
 *             the connection is back after an outage → loading
 * delivering, joined  the consumer has the end → closed
 * any         a page fails, or a refusal     → failed
 *             close, or the connection closes → closed
 * ```
 *
 * `closed` absorbs every input. The states, the inputs and the effects are below; the table in
 * `subscription-table.ts` says what each other state does about each input.
 */
import type { PageBody } from "@tidings/protocol";
import type { Item } from "./item.ts";
import type { Gap, GapReason } from "../handlers.ts";
import { CONNECTING, type Ended, type Live, type Reason, type Retrying, type Status } from "../status.ts";
import type { Closed } from "./closed.ts";
import type { Ending } from "./ending.ts";
import type { Position, StreamPosition } from "./position.ts";
import { NOTHING_YET, type Failed, type Attempts, type Retry } from "./retry.ts";

/** What a subscription is. */
export interface Traits {
  readonly channel: string;
  /** Whether it begins with a state, and so after a gap. */
  readonly wantsState: boolean;
  /** Whether a beginning has something to load: a state, current values, or an end. */
  readonly beginsByPage: boolean;
  /** Whether it may be over already, also at the position from which it goes on. */
  readonly canEnd: boolean;
}

/** What every open state knows: any state can lead to the next page, so all this has to outlive `joined`, too. */
interface Progress {
  readonly traits: Traits;
  /** Everything up to here is delivered. Null until there is a beginning. */
  readonly cursor: Position | null;
  /** When the gaps of the last minute were, in milliseconds since 1970. */
  readonly gaps: readonly number[];
  /** What is shown while it works, although something was not readable. Null where nothing is missing. */
  readonly degraded: Live | null;
  /** Up to here, everything that is not readable has been reported. */
  readonly reported: Position | null;
  /** How former pages have ended. */
  readonly attempts: Attempts;
  /** How many pages in a row have shown no progress. */
  readonly idle: number;
}

/** What a state knows before its page. */
interface BeforePage extends Progress {
  /** Whether the next page brings the current values, too, as after a gap. */
  readonly startsAnew: boolean;
}

/** The consumer has no room. Also the state before the first page. */
interface Paused extends BeforePage {
  readonly kind: "paused";
}

/** A page has been asked for. */
export interface Loading extends BeforePage {
  readonly kind: "loading";
  /** Why the last page failed. It is shown until a page arrives. */
  readonly lastFailure: Retrying | Ended | null;
}

/** A page has arrived. The consumer gets one item after the other. */
export interface Delivering extends Progress {
  readonly kind: "delivering";
}

/** A page failed, or cannot be used. How long to wait is being decided. */
export interface FailedPage extends BeforePage {
  readonly kind: "failed";
}

/** The next page is asked for when the pause is over. */
interface WaitingToRetry extends BeforePage {
  readonly kind: "retrying";
  readonly lastFailure: Retrying | Ended;
}

/** There is nothing to load. The stream is about to follow the address, or to bring its next event. */
export interface Waiting extends Progress {
  readonly kind: "waiting";
}

/** The stream delivers. */
export interface Joined extends Progress {
  readonly kind: "joined";
}

export type Open = Paused | Loading | Delivering | FailedPage | WaitingToRetry | Waiting | Joined;

/** Any open state, with what some of them know beside that. */
export type AnyOpen = Progress & Partial<Pick<Loading, "startsAnew" | "lastFailure">>;

export type SubscriptionState = Open | Closed;

/** What a page is asked for. Cursors are tokens. */
export interface PageWish {
  /** Where to go on from. Null where the page begins anew. */
  readonly after: string | null;
  /** Where to begin anew, with the current values: a cursor or `now`. Null where the page goes on. */
  readonly start: string | null;
  /** Whether to begin with the state. */
  readonly snapshot: boolean;
}

export interface ArrivedPage {
  readonly body: PageBody;
  /** When it arrived, in milliseconds since 1970. */
  readonly now: number;
}

/** A page whose items are delivered. */
export interface UnpackedPage {
  readonly body: PageBody;
  /** The cursor when the page arrived. */
  readonly before: Position | null;
}

export interface StreamGap {
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

export interface OfferedItem {
  readonly item: Item;
  readonly isTaken: boolean;
}

/** What can happen, and what is known about it. */
export interface SubscriptionInputs {
  /** The consumer has room. */
  readonly room: null;
  /** The stream follows the address, and has everything up to here. Null where that is not known. */
  readonly start: Position | null;
  /** The stream, or the page that is being delivered, has brought something of the address. */
  readonly item: Item;
  /** The stream has a hole in the address. */
  readonly gap: StreamGap;
  /**
   * The stream goes on from this position into another epoch. Only a page can say whether what our own pages have
   * brought from after the position still exists.
   */
  readonly epoch: Position;
  /** Another stream is to follow the address. */
  readonly moved: null;
  /** The status of the connection has changed. */
  readonly connection: Status;
  /** The page that was asked for has arrived. Its items follow, then its end. */
  readonly page: ArrivedPage;
  readonly pageEnd: UnpackedPage;
  /** The page that was asked for, to go on, is too large. When that was, in milliseconds since 1970. */
  readonly tooLarge: number;
  /** The page that was asked for did not come, or the server refuses the address. */
  readonly failure: Ending;
  /** Whether the consumer has taken the item that it was offered. */
  readonly answer: OfferedItem;
  /** When to try again, and why. */
  readonly retry: Retry;
  /** The pause is over. */
  readonly due: null;
  /** The application does not want to wait any longer. */
  readonly reconnect: null;
  /** Somebody waits for a position of another epoch. A page shows what has become of it. */
  readonly catchUp: null;
  readonly close: Ending;
}

/** What is to be done, and what is known about it. */
export interface SubscriptionEffects {
  readonly load: PageWish;
  /** An input `item` for each, and `pageEnd` follow. */
  readonly unpack: UnpackedPage;
  /** The input `answer` follows. */
  readonly offer: Item;
  /** The input `retry` follows, or `close` where nothing is tried again. */
  readonly plan: Failed;
  readonly wait: Retrying | Ended;
  readonly gap: Gap;
  readonly end: Reason;
}

/** The state of a new subscription. It loads its first page when it hears that there is room. */
export function initialState(after: Position | null, traits: Traits): SubscriptionState {
  const progress: Progress = {
    traits,
    cursor: after,
    gaps: [],
    degraded: null,
    reported: null,
    attempts: NOTHING_YET,
    idle: 0,
  };
  return after || traits.beginsByPage
    ? { ...progress, kind: "paused", startsAnew: traits.canEnd && after !== null }
    : { ...progress, kind: "waiting" };
}

/** A state that gets items. */
export type Receiving = Delivering | Joined;

/**
 * Gets the next item, behind a cursor. The fields are written out, since this happens for every event: some engines
 * copy a spread ten times as slowly.
 */
export function receive(kind: Receiving["kind"], state: Progress, cursor: Position | null): Receiving {
  const { traits, gaps, degraded, reported, attempts, idle } = state;
  return { kind, traits, cursor, gaps, degraded, reported, attempts, idle: kind === "joined" ? 0 : idle };
}

/** A second gap within a minute is a failed attempt, a third ends the subscription. */
export const MOST_GAPS = 2;

/** Milliseconds after which a gap does not count any more. */
const GAP_MEMORY = 60_000;

/** When the gaps were that still count. */
export function recentGaps({ gaps }: AnyOpen, now: number): readonly number[] {
  // The absolute difference: a clock that was set back must not keep them until it has caught up.
  return gaps.filter((at) => Math.abs(now - at) < GAP_MEMORY);
}

/**
 * What an onlooker sees of a subscription, whose connection has a status, too.
 * @param pending why the stream that would bring it has to wait
 */
export function statusOf(
  state: SubscriptionState,
  connection: Status,
  pending: Retrying | Ended | null = null,
): Status {
  if (state.kind === "closed") {
    return state.shown;
  }
  const { cursor, degraded } = state;
  const lastFailure = "lastFailure" in state ? state.lastFailure : null;
  // A refused address has left the stream, so the status of the stream is not its own.
  const isOwn = connection.state === "live" || lastFailure?.reason === "unknown";
  if (!isOwn) {
    // While no attempt of the stream has failed, this one waits for its own.
    return "reason" in connection ? connection : (lastFailure ?? CONNECTING);
  }
  // Nothing after the position will be missed, but a stream has to bring it.
  const isServed = cursor && state.kind !== "waiting";
  return lastFailure ?? (isServed ? (degraded ?? connection) : (pending ?? CONNECTING));
}

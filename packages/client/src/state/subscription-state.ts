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
 * `closed` absorbs every input. The states, the inputs and the effects are below; the table in
 * `subscription-table.ts` says what each state does about each input.
 */
import type { GapReason, PageBody } from "@tidings/protocol";
import type { Item } from "../deliver/item.ts";
import type { Gap } from "../handlers.ts";
import type { Reason, Retrying, Status } from "../status.ts";
import type { Ending } from "./ending.ts";
import type { Position, StreamPosition } from "./position.ts";

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
export interface Progress {
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
export interface Loading {
  readonly kind: "loading";
  readonly progress: Progress;
  readonly begun: PageWish;
}

/** A page has arrived. The consumer gets one item after the other. */
export interface Delivering {
  readonly kind: "delivering";
  readonly progress: Progress;
  readonly begun?: undefined;
  readonly page: PageBody;
  /** The cursor when the page arrived. */
  readonly before: Position | null;
}

/** A page failed, or cannot be used. How long to wait is being decided. */
export interface Failed {
  readonly kind: "failed";
  readonly progress: Progress;
  readonly begun?: undefined;
}

/** The next page is asked for when the pause is over. */
export interface WaitingToRetry {
  readonly kind: "retrying";
  readonly progress: Progress;
  readonly begun: Retrying;
}

/** There is nothing to load. The stream is about to follow the address, or to bring its next event. */
export interface Waiting {
  readonly kind: "waiting";
  readonly progress: Progress;
  readonly begun?: undefined;
}

/** The stream delivers. */
export interface Joined {
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

export type Open = Paused | Loading | Delivering | Failed | WaitingToRetry | Waiting | Joined;
export type SubscriptionState = Open | Closed;

export interface ArrivedPage {
  readonly body: PageBody;
  /** When it arrived, in milliseconds since 1970. */
  readonly now: number;
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

export interface Answer {
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

/** The state of a new subscription. It loads its first page when it hears that there is room. */
export function initialState(after: Position | null, { beginsByPage }: Traits): SubscriptionState {
  const progress = { cursor: after, gaps: [], startsAnew: false, lastFailure: null };
  return { kind: after || beginsByPage ? "paused" : "waiting", progress };
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

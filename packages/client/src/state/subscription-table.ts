/**
 * What each state of a subscription does about each input. The diagram is in `subscription-state.ts`.
 *
 * A transition returns the next state and effects. The driver carries them out in their order. An effect can lead to
 * another state, for example when a handler closes the subscription. Then the driver drops the other effects.
 */
import { covers } from "@tidings/protocol";
import type { Item, UnreadableItem } from "./item.ts";
import { isOver, type Live, type Status } from "../status.ts";
import { close } from "./closed.ts";
import type { Ending } from "./ending.ts";
import { countIdle, MOST_IDLE } from "./idle-pages.ts";
import { isOutage } from "./outage.ts";
import { ownMember } from "./own-member.ts";
import { furthest, isAfter, toPosition, type Position } from "./position.ts";
import type { Retry } from "./retry.ts";
import {
  type OfferedItem,
  type AnyOpen,
  type ArrivedPage,
  type ChannelPosition,
  type Delivering,
  type UnpackedPage,
  type FailedPage,
  type Joined,
  type Loading,
  MOST_GAPS,
  type Open,
  type PageWish,
  receive,
  recentGaps,
  type Receiving,
  type StreamGap,
  type SubscriptionEffects,
  type SubscriptionInputs,
  type SubscriptionState,
  type Waiting,
} from "./subscription-state.ts";
import { defineTable, stay, to, type Transition } from "./table.ts";

type Next = Transition<SubscriptionState, SubscriptionEffects>;

/** For every input, the states that ignore it. A new state has to be decided about in each row. */
interface Ignored {
  readonly room: "loading" | "delivering" | "failed" | "retrying" | "waiting" | "joined";
  readonly start: "paused" | "loading" | "delivering" | "failed" | "retrying";
  readonly item: "paused" | "loading" | "failed" | "retrying";
  readonly gap: "paused" | "failed";
  readonly epoch: "paused" | "loading" | "delivering" | "failed" | "retrying" | "waiting";
  readonly moved: "paused" | "loading" | "delivering" | "failed" | "retrying" | "waiting";
  readonly connection: never;
  readonly page: "paused" | "delivering" | "failed" | "retrying" | "waiting" | "joined";
  readonly pageEnd: "paused" | "loading" | "failed" | "retrying" | "waiting" | "joined";
  readonly tooLarge: "paused" | "delivering" | "failed" | "retrying" | "waiting" | "joined";
  readonly failure: never;
  readonly answer: "paused" | "loading" | "failed" | "retrying" | "waiting";
  readonly retry: "paused" | "loading" | "delivering" | "retrying" | "waiting" | "joined";
  readonly due: "paused" | "loading" | "delivering" | "failed" | "waiting" | "joined";
  readonly reconnect: "paused" | "loading" | "delivering" | "failed" | "waiting" | "joined";
  readonly catchUp: "paused" | "loading" | "delivering" | "failed" | "retrying";
  readonly close: never;
}

/** What each state does about each input. */
export const transition = defineTable<
  SubscriptionState,
  SubscriptionInputs,
  SubscriptionEffects,
  Ignored,
  ChannelPosition
>({
  room: { paused: load },
  start: { waiting: (state, _, position) => join(state, position), joined: checkCursor },
  item: { delivering: takeItem, waiting: takeFirstItem, joined: takeNext },
  gap: {
    // A page that is under way may be older than the loss.
    loading: loadAgain,
    delivering: loadAgain,
    // With a position it ends the stream, which comes back after a pause. Without one, a server may tell any number.
    retrying: (state, { next }) => (next ? load(state) : stay(state)),
    waiting: (state, _, position) => (state.cursor ? load(state) : join(state, position)),
    joined: meetGap,
  },
  epoch: { joined: checkCursor },
  moved: { joined: waitForOtherStream },
  connection: hear,
  page: { loading: takePage },
  pageEnd: { delivering: endPage },
  tooLarge: { loading: (state, now) => meetHole(state, { reason: "too-large", next: null, now }, startAnew) },
  failure: fail,
  answer: { delivering: afterItem, joined: afterItem },
  retry: { failed: wait },
  due: { retrying: load },
  reconnect: { retrying: load },
  catchUp: { waiting: load, joined: load },
  close,
});

// ---- pages ----------------------------------------------------------------------------------------------------------

/** Asks for a page at once, together with others; where many have shown no progress, after a pause. */
function load(state: AnyOpen): Next {
  const { cursor, traits, idle, startsAnew } = state;
  if (idle >= MOST_IDLE) {
    return fail({ ...state, idle: 0 }, { reason: "unavailable" });
  }
  const token = cursor?.token ?? null;
  const goesOn = token !== null && !startsAnew;
  const wish: PageWish = {
    after: goesOn ? token : null,
    start: goesOn ? null : (token ?? "now"),
    snapshot: !cursor && traits.wantsState,
  };
  return to({ startsAnew: false, lastFailure: null, ...state, kind: "loading" }, ["load", wish]);
}

/** Asks once more, as if the page had shown no progress: a server may tell any number of gaps meanwhile. */
function loadAgain(state: AnyOpen): Next {
  return load({ ...state, idle: state.idle + 1 });
}

function hear(state: Open, connection: Status): Next {
  if (isOver(connection)) {
    return close(state, { reason: connection.reason, error: connection.cause });
  }
  const reason = state.kind === "retrying" && connection.state === "live" && state.lastFailure.reason;
  // What was missing is there again. What the server has asked to wait for is waited for.
  return reason && (isOutage(reason) || reason === "unauthenticated") ? load(state) : stay(state);
}

function takePage(state: Loading, { body, now }: ArrivedPage): Next {
  const { channel } = state.traits;
  const refusal = ownMember(body.refused, channel);
  if (refusal) {
    return fail(state, { reason: refusal === "forbidden" || refusal === "unknown" ? refusal : "unavailable" });
  }
  function deliver(about: AnyOpen): Next {
    return to(receive("delivering", about, about.cursor), ["unpack", { body, before: about.cursor }]);
  }
  const gap = ownMember(body.gap?.channels, channel);
  return gap ? meetHole(state, { reason: gap, next: toPosition(body.cursor), now }, deliver) : deliver(state);
}

function endPage(state: Delivering, { body, before }: UnpackedPage, position: ChannelPosition): Next {
  // Never backwards: the page may come from a server that lags.
  const cursor = furthest(state.cursor, toPosition(body.cursor));
  // Positions of different epochs cannot be compared: only events show then that it goes on.
  const isElsewhere = body.events.length > 0 && !covers(cursor, before);
  const isFurther = !before || isAfter(cursor, before) || isElsewhere;
  const idle = countIdle(state.idle, body, before, cursor);
  // Where many pages have shown no progress, the pauses grow.
  const failures = idle > 0 ? state.attempts.failures : 0;
  const attempts = isFurther
    ? { ...state.attempts, failures, hasTriedFresh: false, failingSince: null }
    : state.attempts;
  const ended = { ...state, cursor, attempts, idle };
  const next = body.more ? load(ended) : join(ended, position);
  // Pages that bring it no further must not follow one another without a pause.
  return isFurther || next.state.kind !== "loading" ? next : fail(ended, { reason: "unavailable" });
}

/** Joins the stream when the cursor covers what the stream has carried of the channel. Otherwise loads a page. */
function join(state: Delivering | Waiting, { reached, stream }: ChannelPosition): Next {
  if (!reached) {
    return to({ ...state, kind: "waiting" });
  }
  const begun = { ...state, cursor: state.cursor ?? reached };
  // Positions of different epochs cannot be compared. Once the stream has left the epoch in which it has carried the
  // channel, the cursor has to cover where the stream stands.
  const needed = covers(stream.carried, reached) ? reached : stream.carried;
  return covers(begun.cursor, needed) ? to({ ...begun, kind: "joined" }) : load(begun);
}

// ---- failures -------------------------------------------------------------------------------------------------------

/** A page has failed, or is not the one that is needed. */
function fail(state: AnyOpen, ending: Ending): Next {
  const { lastFailure: _, ...failed } = state;
  return to({ startsAnew: false, ...failed, kind: "failed" }, ["plan", { ending, attempts: state.attempts }]);
}

function wait(state: FailedPage, { attempts, lastFailure }: Retry): Next {
  return to({ ...state, kind: "retrying", attempts, lastFailure }, ["wait", lastFailure]);
}

// ---- items ----------------------------------------------------------------------------------------------------------

/** Offers an item to the consumer, unless it is a repetition. */
function takeItem(state: Receiving, item: Item): Next {
  // A state brings the last events once more. What is not readable is told once.
  const isKnown =
    covers(state.cursor, item.position) || (item.kind === "unreadable" && covers(state.reported, item.position));
  return isKnown ? stay(state) : to(state, ["offer", item]);
}

/** What has no position is a repetition, too, where our own pages have come further than the stream. */
function takeNext(state: Joined, item: Item, { stream }: ChannelPosition): Next {
  return item.position === null && isAfter(state.cursor, stream.handled) ? stay(state) : takeItem(state, item);
}

function takeFirstItem(state: Waiting, item: Item, position: ChannelPosition): Next {
  if (!item.position) {
    return stay(state);
  }
  // Without a beginning, and with nothing to load for one, it begins with the first event.
  return state.cursor ? join(state, position) : to({ ...state, kind: "joined" }, ["offer", item]);
}

function afterItem(state: Receiving, { item, isTaken }: OfferedItem, { stream }: ChannelPosition): Next {
  const { position } = item;
  // An end that is not readable is an end all the same.
  if (item.kind === "end" || (item.kind === "unreadable" && item.isEnd)) {
    return close(state, { reason: "ended" });
  }
  if (item.kind === "unreadable" && !isTaken) {
    return goOnWithout(state, item);
  }
  if (item.kind === "state") {
    return to({ ...state, degraded: null });
  }
  // What has no position cannot be asked for again.
  if (!position) {
    return stay(state);
  }
  if (isTaken) {
    return to(receive(state.kind, state, position));
  }
  const { kind, cursor } = state;
  // Up to where the stream has come, there are only events of other channels.
  const kept = kind === "joined" ? furthest(cursor, stream.handled) : cursor;
  return to({ startsAnew: false, ...state, kind: "paused", cursor: kept });
}

/** Our own pages have come further than the stream, whose server may lag, or have lost that. Only a page can say. */
function checkCursor(state: Joined, last: Position | null): Next {
  return isAfter(state.cursor, last) ? load(state) : stay(state);
}

/** Another stream goes on. Up to where this one has come, there are only events of other channels. */
function waitForOtherStream(state: Joined, _: null, { stream }: ChannelPosition): Next {
  return to({ ...state, kind: "waiting", cursor: furthest(state.cursor, stream.handled) });
}

/** Goes on without what is not readable. A state heals that, if it is not asked for too often. */
function goOnWithout(state: Receiving, { position, gap: reason, error: cause, now }: UnreadableItem): Next {
  const { cursor, traits, degraded, reported } = state;
  const { channel, wantsState } = traits;
  const since = degraded?.degraded?.since ?? now;
  const shown: Live = { state: "live", degraded: { since, cause } };
  const behind = { ...state, cursor: position ?? cursor, reported: furthest(reported, position), degraded: shown };
  if (!reason || !position) {
    return to(behind);
  }
  const gaps = recentGaps(state, now);
  const loads = wantsState && gaps.length < MOST_GAPS;
  const next = loads ? startAnew({ ...behind, cursor: null, gaps: [...gaps, now] }) : stay(behind);
  return to(next.state, ["gap", { channel, reason, after: cursor?.token ?? null }], ...next.effects);
}

// ---- gaps -----------------------------------------------------------------------------------------------------------

/**
 * What follows from a hole in the channel.
 * @param passBy where neither a state nor current values have to be loaded first
 */
function meetHole(state: AnyOpen, { reason, next: end, now }: StreamGap, passBy: (state: AnyOpen) => Next): Next {
  const { cursor, startsAnew, traits } = state;
  const { channel, wantsState, beginsByPage } = traits;
  const isTrimmed = reason === "trimmed";
  const goesOn = !wantsState && (!beginsByPage || (isTrimmed && startsAnew));
  // Current values are loaded first. The page that brings them tells the gap, together with what is left.
  if (isTrimmed && !wantsState && !goesOn) {
    return startAnew(state);
  }
  // A page that is too large cannot be asked for again.
  const rest = reason === "too-large" ? null : cursor;
  const kept = isTrimmed ? cursor : (end ?? rest);
  const gaps = [...recentGaps(state, now), now];
  const reported = isTrimmed ? state.reported : null;
  // A state is as new as its page. Without a state, what comes between the gap and the page is owed.
  const behind = { ...state, cursor: wantsState ? null : kept, gaps, reported };
  const goOn = goesOn ? passBy : startAnew;
  const next = gaps.length > MOST_GAPS ? fail(behind, { reason: "gap-loop" }) : goOn(behind);
  return to(next.state, ["gap", { channel, reason, after: cursor?.token ?? null }], ...next.effects);
}

/** Starts anew behind a hole: with a state, or with the current values. */
function startAnew(state: AnyOpen): Next {
  return fail({ ...state, startsAnew: true }, { reason: "gap" });
}

function meetGap(state: Joined, gap: StreamGap, { stream }: ChannelPosition): Next {
  // Our own pages, or the stream before this one, may have covered long ago what the stream has carried up to here. A
  // page tells about our own position.
  if (!gap.next && state.cursor && !covers(stream.handled, state.cursor)) {
    return load(state);
  }
  return meetHole(state, gap, (behind) => to({ ...behind, kind: "joined" }));
}

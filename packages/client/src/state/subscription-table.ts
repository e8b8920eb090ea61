/**
 * What each state of a subscription does about each input. The diagram is in `subscription-state.ts`.
 *
 * A transition returns the next state and effects. The driver carries them out in their order. An effect can lead to
 * another state, for example when a handler closes the subscription. Then the driver drops the other effects.
 */
import type { Item } from "../deliver/item.ts";
import type { Reason, Retrying } from "../status.ts";
import type { Ending } from "./ending.ts";
import { isOutage } from "./outage.ts";
import { furthest, hasSeen, isAfter, toPosition, type Position } from "./position.ts";
import type {
  Answer,
  ArrivedPage,
  Delivering,
  Failed,
  Joined,
  Loading,
  Open,
  PageWish,
  Progress,
  StreamGap,
  SubscriptionEffects,
  SubscriptionInputs,
  SubscriptionState,
  Traits,
  Waiting,
  WaitingToRetry,
} from "./subscription-state.ts";
import type { Transition } from "./transition.ts";

type Next = Transition<SubscriptionState, SubscriptionEffects>;

/** A second gap within a minute is a failed attempt, a third ends the subscription. */
const MOST_GAPS = 2;
/** Milliseconds after which a gap does not count any more. */
const GAP_MEMORY = 60_000;

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

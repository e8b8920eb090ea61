import type { Address } from "@tidings/contract";
import type { GapReason, PageBody } from "@tidings/protocol";
import type { ClientSubscription } from "../client.ts";
import type { Consumer } from "../deliver/consumer.ts";
import type { Decoder } from "../deliver/decoder.ts";
import type { Item } from "../deliver/item.ts";
import type { Gap } from "../handlers.ts";
import type { Settings } from "../options.ts";
import { toPosition, type Position } from "../state/position.ts";
import {
  initialState,
  statusOf,
  transition,
  type PageWish,
  type ChannelPosition,
  type SubscriptionEffects,
  type SubscriptionInputs,
  type SubscriptionState,
  type Traits,
} from "../state/subscription-state.ts";
import { watchedStatus, type Reason, type Status, type Watchable } from "../status.ts";
import type { Trace } from "../trace.ts";
import type { Ending } from "../state/ending.ts";
import { createMachine } from "./machine.ts";
import type { Pages } from "./pages.ts";
import { createRetry } from "./retry.ts";

/** What a subscription needs of its client. */
export interface SubscriptionNeeds {
  readonly settings: Pick<Settings, "clock" | "random" | "onError">;
  readonly pages: Pick<Pages, "load">;
  readonly decoder: Pick<Decoder, "channelOf" | "page">;
  readonly trace: Trace;
  /** The status of the connection. When that is closed, the subscription closes, too. */
  readonly connection: Watchable<Status>;
  /** Called once, when the subscription has closed. */
  readonly onLeft: (subscription: Subscription) => void;
}

/** The client's interest in one address. */
export interface Subscription extends ClientSubscription {
  readonly address: Address;
  /** The stream follows the address now. */
  onStart(): void;
  /** The stream has brought something of the address. */
  onItem(item: Item): void;
  /** The stream has a hole in the address. @param next where it goes on when its own position is void */
  onGap(reason: GapReason, next: Position | null): void;
  /** The stream goes on from this position into another epoch. */
  onEpoch(position: Position): void;
  /** The stream does not follow the address any more. */
  onRefused(reason: Reason): void;
  /** The consumer has room. */
  readonly resume: () => void;
  readonly close: (reason?: Reason) => void;
}

/**
 * Drives the machine of state/subscription-state.ts, and has no state of its own.
 *
 * @param position how far the stream has come with the channel, as it moves
 * @param wantsState whether it begins with the channel's snapshot
 * @param after where to go on from; null: from now on
 */
export function createSubscription(
  needs: SubscriptionNeeds,
  address: Address,
  position: ChannelPosition,
  consumer: Consumer,
  wantsState: boolean,
  after: Position | null,
): Subscription {
  const { settings, pages, decoder, trace, connection, onLeft } = needs;
  const { clock } = settings;
  const { path } = address;
  const hasValues = Object.values(decoder.channelOf(address).events).some(({ mode }) => mode === "latest");
  const traits: Traits = { channel: path, wantsState, beginsByPage: wantsState || hasValues };
  const status = watchedStatus();
  const retry = createRetry(settings);
  const machine = createMachine<SubscriptionState, SubscriptionInputs, SubscriptionEffects>(
    initialState(after, traits),
    {
      transition: (state, name, about) => transition(state, name, about, traits, position),
      begunBy,
      onState,
      effects: {
        load,
        unpack,
        offer: (item) => input("answer", { item, isTaken: consumer.take(item) }),
        plan: (ending) => input("plan", retry.plan(ending)),
        wait: ({ milliseconds }) => machine.begin(clock.setTimeout(() => input("due", null), milliseconds)),
        tellGap,
        recover: () => retry.recover(),
        end,
      },
    },
  );
  const { input } = machine;
  const unwatch = connection.subscribe(onConnection);

  function onConnection(value: Status): void {
    if (value.state === "closed") {
      return input("close", value.reason);
    }
    if (value.state === "live") {
      input("live", null);
    }
    report(machine.state);
  }

  function onState(state: SubscriptionState, before: SubscriptionState): void {
    // These two states last no longer than their effects.
    const isPassing = state.kind === "delivering" || state.kind === "failed";
    // One more event of the stream changes nothing that anybody sees. This is the hot path.
    const isNextEvent = state.kind === "joined" && before.kind === "joined" && before.progress.cursor !== null;
    if (!isPassing && !isNextEvent) {
      report(state);
    }
  }

  function report(state: SubscriptionState): void {
    status.set(statusOf(state, connection.value));
  }

  function load(wish: PageWish): void {
    let isWanted = true;
    machine.begin(() => (isWanted = false));
    pages.load(path, wish).then(
      (body) => isWanted && takePage(body),
      (ending: Ending) => isWanted && takeFailure(ending),
    );
  }

  function unpack(body: PageBody): void {
    for (const item of decoder.page(address, body)) {
      input("pageItem", item);
    }
    input("pageEnd", null);
  }

  function tellGap(gap: Gap): void {
    trace.debug("gap", { channel: path, detail: gap.reason });
    consumer.gap(gap);
  }

  function end(reason: Reason): void {
    unwatch();
    onLeft(subscription);
    consumer.close(reason);
  }

  function takePage(body: PageBody): void {
    const refused = body.refused?.[path] ?? null;
    const gap = body.gap?.channels[path] ?? null;
    input("page", { body, refused, gap, end: toPosition(body.cursor), now: clock.now() });
  }

  function takeFailure(ending: Ending): void {
    // Where only others are meant, it asks again without them.
    const isMeant = ending.channels?.includes(path) ?? true;
    input("failure", isMeant ? ending : { reason: "unavailable" });
  }

  const subscription: Subscription = {
    address,
    status,
    onStart: () => input("start", null),
    onItem: (item) => input("item", item),
    onGap: (reason, next) => input("gap", { reason, next, now: clock.now() }),
    onEpoch: (left) => input("epoch", left),
    onRefused: (reason) => input("refused", reason),
    resume: () => input("room", null),
    close: (reason = "closed") => input("close", reason),
  };
  return subscription;
}

/** The request or the timer of a state. */
function begunBy(state: SubscriptionState): object | null {
  if (state.kind === "loading") {
    return state.wish;
  }
  return state.kind === "retrying" ? state.pause : null;
}

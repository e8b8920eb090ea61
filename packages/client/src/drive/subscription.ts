import type { PageBody } from "@tidings/protocol";
import type { ClientSubscription } from "../client.ts";
import type { Consumer } from "../deliver/consumer.ts";
import type { Decoder } from "../deliver/decoder.ts";
import type { Gap } from "../handlers.ts";
import type { Settings } from "../options.ts";
import type { Position } from "../state/position.ts";
import {
  initialState,
  statusOf,
  type PageWish,
  type SubscriptionEffects,
  type SubscriptionInputs,
  type SubscriptionState,
  type Traits,
} from "../state/subscription-state.ts";
import { transition } from "../state/subscription-table.ts";
import { watchedStatus, type Reason, type Status, type Watchable } from "../status.ts";
import type { Ending } from "../state/ending.ts";
import { createMachine, type Machine } from "./machine.ts";
import type { Pages } from "./pages.ts";
import { createRetry } from "./retry.ts";
import type { Track } from "./tracks.ts";

/** The client's interest in one address. */
export interface Subscription extends ClientSubscription {
  readonly input: Machine<SubscriptionState, SubscriptionInputs>["input"];
}

/**
 * Drives the machine of state/subscription-table.ts.
 *
 * @param track who follows the address. It says how far the stream has come with it, too
 * @param wantsState whether it begins with the channel's snapshot
 * @param after where to go on from; null: from now on
 * @param onLeft called once, when the subscription has closed
 */
type CreateSubscription = (
  track: Track,
  consumer: Consumer,
  wantsState: boolean,
  after: Position | null,
  onLeft: () => void,
) => Subscription;

/**
 * What creates the subscriptions of a client.
 * @param connection the status of the connection. When that is closed, each subscription closes, too
 */
export function subscriptionFactory(
  settings: Settings,
  decoder: Pick<Decoder, "channelOf" | "page">,
  pages: Pick<Pages, "load">,
  connection: Watchable<Status>,
): CreateSubscription {
  const { clock, trace } = settings;

  return (track, consumer, wantsState, after, onLeft) => {
    const { address, subscriptions } = track;
    const { path } = address;
    const hasValues = Object.values(decoder.channelOf(address).events).some(({ mode }) => mode === "latest");
    const traits: Traits = { channel: path, wantsState, beginsByPage: wantsState || hasValues, position: track };
    const { status, set } = watchedStatus();
    const machine: Machine<SubscriptionState, SubscriptionInputs> = createMachine<
      SubscriptionState,
      SubscriptionInputs,
      SubscriptionEffects
    >(initialState(after, traits), (state, name, about) => transition(state, name, about, traits), onState, {
      load,
      unpack,
      offer: (item) => input("answer", { item, isTaken: consumer.take(item) }),
      plan: (ending) => retry.plan(ending),
      wait: (lastFailure) => retry.wait(lastFailure),
      gap,
      recover: () => retry.recover(),
      end,
    });
    const { input } = machine;
    const retry = createRetry(settings, input);
    const unwatch = connection.subscribe(onConnection);

    function onConnection(value: Status): void {
      if (value.state === "closed") {
        return input("close", value.reason);
      }
      if (value.state === "live") {
        input("live", null);
      }
      onState(machine.state);
    }

    function onState(state: SubscriptionState): void {
      // These two states last no longer than their effects.
      if (state.kind !== "delivering" && state.kind !== "failed") {
        set(statusOf(state, connection.value));
      }
    }

    function load(wish: PageWish): void {
      const isWanted = () => machine.state.begun === wish;
      pages.load(path, wish).then(
        (body) => isWanted() && input("page", { body, now: clock.now() }),
        (ending: Ending) => isWanted() && takeFailure(ending),
      );
    }

    function unpack(body: PageBody): void {
      for (const item of decoder.page(address, body)) {
        if (item) {
          input("item", item);
        }
        // A handler may have closed it, or the consumer is full.
        if (machine.state.kind !== "delivering") {
          return;
        }
      }
      input("pageEnd", null);
    }

    function gap(met: Gap): void {
      trace("debug", "gap", { channel: path, detail: met.reason });
      consumer.gap(met);
    }

    function end(reason: Reason): void {
      unwatch();
      subscriptions.delete(input);
      onLeft();
      consumer.close(reason);
    }

    function takeFailure(ending: Ending): void {
      // Where only others are meant, it asks again without them.
      const isMeant = ending.channels?.includes(path) ?? true;
      input("failure", isMeant ? ending : { reason: "unavailable" });
    }

    subscriptions.add(input);
    onConnection(connection.value);
    input("room", null);
    input("start", null);
    return { status, input, close: () => input("close", "closed") };
  };
}

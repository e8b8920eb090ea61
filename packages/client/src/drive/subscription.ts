import type { ClientSubscription } from "../client.ts";
import type { Consumer } from "../deliver/consumer.ts";
import type { Decoder } from "../deliver/decoder.ts";
import type { Gap } from "../handlers.ts";
import type { Settings } from "../options.ts";
import { arrivalAt } from "../state/arrival.ts";
import type { Position } from "../state/position.ts";
import {
  initialState,
  statusOf,
  type ChannelPosition,
  type Delivery,
  type PageWish,
  type SubscriptionEffects,
  type SubscriptionInputs,
  type SubscriptionState,
  type Traits,
} from "../state/subscription-state.ts";
import { transition } from "../state/subscription-table.ts";
import { CONNECTING, isOver, watchedStatus, type Reason } from "../status.ts";
import type { Ending } from "../state/ending.ts";
import { createArrivals, type Arrivals } from "./arrivals.ts";
import { createMachine, type Machine } from "./machine.ts";
import type { Connection } from "./connection.ts";
import type { Pages } from "./pages.ts";
import { retryEffects } from "./retry.ts";
import type { Track } from "./tracks.ts";

/** The client's interest in one address. */
export interface Subscription extends Pick<ClientSubscription, "status" | "close"> {
  readonly input: Machine<SubscriptionState, SubscriptionInputs>["input"];
  readonly arrive: Arrivals["wait"];
}

/**
 * Drives the machine of state/subscription-table.ts.
 *
 * @param track who follows the address
 * @param position how far the stream has come with the address
 * @param wantsState whether it begins with the channel's snapshot
 * @param after where to go on from; null: from now on
 * @param onLeft called once, when the subscription has closed
 */
type CreateSubscription = (
  track: Track,
  position: () => ChannelPosition,
  consumer: Consumer,
  wantsState: boolean,
  after: Position | null,
  onLeft: (reason: Reason) => void,
) => Subscription;

/**
 * What creates the subscriptions of a client.
 * @param connection after each change of its status, and of what is pending, the input `connection` follows
 */
export function subscriptionFactory(
  settings: Settings,
  decoder: Pick<Decoder, "channelOf" | "page">,
  pages: Pick<Pages, "load">,
  connection: Pick<Connection, "status" | "pending">,
): CreateSubscription {
  const { clock, trace } = settings;

  return (track, position, consumer, wantsState, after, onLeft) => {
    const { address, subscriptions } = track;
    const { path } = address;
    const { events, end: declaredEnd } = decoder.channelOf(address);
    const hasValues = Object.values(events).some(({ mode }) => mode === "latest");
    const canEnd = declaredEnd !== undefined;
    const traits: Traits = { channel: path, wantsState, beginsByPage: wantsState || hasValues || canEnd, canEnd };
    const { status, set } = watchedStatus(CONNECTING);
    const over = connection.status.value;
    const machine: Machine<SubscriptionState, SubscriptionInputs> = createMachine<
      SubscriptionState,
      SubscriptionInputs,
      SubscriptionEffects,
      ChannelPosition
    >(isOver(over) ? { kind: "closed", shown: over } : initialState(after, traits), transition, position, onState, {
      load,
      unpack,
      offer: (item) => input("answer", { item, isTaken: consumer.take(item) }),
      gap,
      end,
      ...retryEffects(settings, path),
    });
    const { input } = machine;
    const arrivals = createArrivals(
      (target) => arrivalAt(machine.state, position().stream, target),
      () => input("catchUp", null),
    );

    function onState(state: SubscriptionState): void {
      // These two states last no longer than their effects.
      if (state.kind !== "delivering" && state.kind !== "failed") {
        set(statusOf(state, connection.status.value, connection.pending()));
      }
      arrivals.look();
    }

    function load(wish: PageWish): () => void {
      return pages.load(path, wish, ([failed, body]) =>
        failed ? takeFailure(failed) : input("page", { body, now: clock.now() }),
      );
    }

    function unpack(delivery: Delivery): void {
      for (const item of decoder.page(address, delivery.body)) {
        if (item) {
          input("item", item);
        }
        // A handler may have closed it, or the consumer is full.
        if (machine.state.kind !== "delivering") {
          return;
        }
      }
      input("pageEnd", delivery);
    }

    function gap(met: Gap): void {
      consumer.gap(met);
      // Only now: whoever reads the trace may close the subscription.
      trace("debug", "gap", { channel: path, detail: met.reason });
    }

    function end(reason: Reason): void {
      subscriptions.delete(input);
      onLeft(reason);
      consumer.close(reason);
    }

    function takeFailure(failed: Ending): void {
      // Where only others are meant, it asks again without them.
      const isMeant = failed.channels?.includes(path) ?? true;
      input("failure", isMeant ? failed : { reason: "unavailable" });
    }

    onState(machine.state);
    if (isOver(over)) {
      const { reason } = over;
      // No handler is called before `subscribe` has returned.
      clock.setTimeout(() => consumer.close(reason), 0);
    } else {
      subscriptions.add(input);
      input("room", null);
      input("start", null);
    }
    return { status, input, arrive: arrivals.wait, close: () => input("close", { reason: "closed" }) };
  };
}

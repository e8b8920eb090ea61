import { onAbort } from "@tidings/protocol/on-abort";
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
  type UnpackedPage,
  type PageWish,
  type SubscriptionEffects,
  type SubscriptionInputs,
  type SubscriptionState,
  type Traits,
} from "../state/subscription-state.ts";
import { transition } from "../state/subscription-table.ts";
import { CLOSED, CONNECTING, isOver, watched, type Ended, type Reason, type Status } from "../status.ts";
import type { Ending } from "../state/ending.ts";
import { createArrivals, type Arrivals } from "./arrivals.ts";
import { createMachine, type Machine } from "./machine.ts";
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
 * @param track who follows the address, on which stream. After each change of the stream's status, and of what is
 *   pending, the input `connection` follows
 * @param wantsState whether it begins with the channel's snapshot
 * @param after where to go on from; null: from now on
 * @param signal ends it
 */
type CreateSubscription = (
  track: Track,
  consumer: Consumer,
  wantsState: boolean,
  after: Position | null,
  signal: AbortSignal | undefined,
) => Subscription;

/** What creates the subscriptions of a client. */
export function subscriptionFactory(
  settings: Settings,
  decoder: Pick<Decoder, "channelOf" | "page">,
  pages: Pick<Pages, "load">,
): CreateSubscription {
  const { clock, trace } = settings;

  return (track, consumer, wantsState, after, signal) => {
    const { address, subscriptions } = track;
    const { path } = address;
    const { events, end: declaredEnd } = decoder.channelOf(address);
    const hasValues = Object.values(events).some(({ mode }) => mode === "latest");
    const canEnd = declaredEnd !== undefined;
    const traits: Traits = { channel: path, wantsState, beginsByPage: wantsState || hasValues || canEnd, canEnd };
    const { status, set } = watched<Status>(CONNECTING);
    const over = signal?.aborted ? CLOSED : track.home.status.value;
    const forget = onAbort(signal, close);
    const machine: Machine<SubscriptionState, SubscriptionInputs> = createMachine<
      SubscriptionState,
      SubscriptionInputs,
      SubscriptionEffects,
      ChannelPosition
    >(
      isOver(over) ? { kind: "closed", shown: over } : initialState(after, traits),
      transition,
      () => track.home.position(track),
      onState,
      {
        load,
        unpack,
        offer: (item) => input("answer", { item, isTaken: consumer.take(item) }),
        gap,
        end,
        ...retryEffects(settings, path),
      },
    );
    const { input } = machine;
    const arrivals = createArrivals(
      (target) => arrivalAt(machine.state, track.home.position(track).stream, target),
      () => input("catchUp", null),
    );

    function onState(state: SubscriptionState): void {
      // These two states last no longer than their effects.
      if (state.kind !== "delivering" && state.kind !== "failed") {
        set(statusOf(state, track.home.status.value, track.home.pending.value));
      }
      arrivals.look();
    }

    function load(wish: PageWish): () => void {
      return pages.load(path, wish, ([failed, body]) =>
        failed ? takeFailure(failed, wish) : input("page", { body, now: clock.now() }),
      );
    }

    function unpack(page: UnpackedPage): void {
      if (track.state.kind === "leftOut") {
        // By now, the server knows the path.
        track.home.forgive(track);
      }
      for (const item of decoder.page(address, page.body)) {
        if (item) {
          input("item", item);
        }
        // A handler may have closed it, or the consumer is full.
        if (machine.state.kind !== "delivering") {
          return;
        }
      }
      input("pageEnd", page);
    }

    function gap(met: Gap): void {
      consumer.gap(met);
      // Only now: a listener of the trace may close the subscription.
      trace("debug", "gap", { channel: path, detail: met.reason });
    }

    function close(): void {
      input("close", { reason: "closed" });
    }

    function end(reason: Reason): void {
      forget();
      subscriptions.delete(input);
      // What it shows is how it has ended.
      track.home.noteEnd(track, status.value as Ended);
      consumer.close(reason);
    }

    function takeFailure(failed: Ending, { after: goesOnAfter }: PageWish): void {
      // A page that begins anew has no events before it that would be lost: it is tried again.
      if (failed.error?.code === "event-too-large" && goesOnAfter !== null) {
        settings.onError(failed.error);
        return input("tooLarge", clock.now());
      }
      // Where only others are meant, it asks again without them.
      const isMeant = failed.channels?.includes(path) ?? true;
      input("failure", isMeant ? failed : { reason: "unavailable" });
    }

    onState(machine.state);
    if (isOver(over)) {
      const { reason } = over;
      forget();
      track.home.noteEnd(track, over);
      // No handler is called before `subscribe` has returned.
      clock.setTimeout(() => consumer.close(reason), 0);
    } else {
      subscriptions.add(input);
      input("room", null);
      input("start", null);
    }
    return { status, input, arrive: arrivals.wait, close };
  };
}

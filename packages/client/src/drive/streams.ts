import type { Address, Contract } from "@tidings/contract";
import { onAbort } from "@tidings/protocol/on-abort";
import type { Consumer } from "../deliver/consumer.ts";
import type { Decoder } from "../deliver/decoder.ts";
import type { Settings } from "../options.ts";
import type { Position } from "../state/position.ts";
import type { Ended, Status, Watchable } from "../status.ts";
import { unexpected } from "../stream-error.ts";
import { createClientStatus } from "./client-status.ts";
import type { Pages } from "./pages.ts";
import { createRefusals } from "./refusals.ts";
import { createStream, type Stream } from "./stream.ts";
import { spaced } from "./spaced.ts";
import { watchContract, type ServerContract } from "./server-contract.ts";
import { subscriptionFactory, type Subscription } from "./subscription.ts";
import type { Track } from "./tracks.ts";

/** The streams of a client: one, or as many as the server's limit of channels makes necessary. */
export interface Streams {
  readonly status: Watchable<Status>;
  readonly contract: Watchable<ServerContract>;
  /**
   * Follows an address.
   * @param wantsState whether it begins with the channel's snapshot
   * @param after where to go on from; null: from now on
   * @param signal ends it
   */
  follow(
    address: Address,
    consumer: Consumer,
    wantsState: boolean,
    after: Position | null,
    signal: AbortSignal | undefined,
  ): Subscription;
  /** Ends every pause. */
  readonly reconnect: () => void;
  readonly close: () => void;
}

export function createStreams(own: Contract, settings: Settings, decoder: Decoder, pages: Pages): Streams {
  const { allowance, closing, alarms } = settings;
  const refusals = createRefusals(settings, (track) => track.home.forgive(track));
  const createSubscription = subscriptionFactory(settings, decoder, pages);
  const { status, watch, include } = createClientStatus();
  const contract = watchContract(own);
  const needs = { contract, settings, decoder, refusals, onSurplus, onClosed };
  const streams: Stream[] = [];
  const first = addStream();

  /** The stream that follows a path, or has room for it. */
  function streamFor(path: string): Stream {
    if (alarms.isClosed) {
      return first;
    }
    return (
      streams.find(({ tracks }) => tracks.has(path)) ??
      streams.find(({ tracks }) => tracks.size < allowance.channels) ??
      addStream()
    );
  }

  function addStream(): Stream {
    const stream = createStream(needs);
    streams.push(stream);
    watch(stream.status);
    return stream;
  }

  function onSurplus(tracks: readonly Track[]): void {
    for (const track of tracks) {
      streamFor(track.address.path).adopt(track);
    }
  }

  /** What ends one stream for good concerns the others, too. */
  function onClosed({ reason, cause: error }: Ended): void {
    if (!alarms.isClosed) {
      alarms.close();
      streams.forEach((stream) => stream.close({ reason, error }));
      closing.set(unexpected("closed", "an open client", "a closed one; create another"));
    }
  }

  return {
    status,
    contract: contract.value,
    follow(address, consumer, wantsState, after, signal) {
      // A mistake must leave nothing behind.
      onAbort(signal, () => {})();
      const track = streamFor(address.path).follow(address);
      const subscription = createSubscription(track, consumer, wantsState, after, signal);
      include(subscription.status);
      const failure = refusals.failureOf(track);
      if (failure) {
        subscription.input("failure", failure);
      }
      return subscription;
    },
    reconnect: spaced(settings, () => streams.forEach((stream) => stream.reconnect())),
    close: () => first.close({ reason: "closed" }),
  };
}

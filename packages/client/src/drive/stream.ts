import { fingerprint, type Address, type Contract } from "@tidings/contract";
import { type ByeReason, type GapReason, type PageEvent, type ServerSentEvent } from "@tidings/protocol";
import type { Consumer } from "../deliver/consumer.ts";
import type { Decoder } from "../deliver/decoder.ts";
import type { Settings } from "../options.ts";
import { toPosition, type Position } from "../state/position.ts";
import { beginAfter, carry, isLeft, leave, leaves, moveTo } from "../state/stream-progress.ts";
import { isOnConnection, reachedOf } from "../state/track-state.ts";
import type { Ending } from "../state/ending.ts";
import type { Reason, Status, Watchable } from "../status.ts";
import { unexpected } from "../stream-error.ts";
import { createClientStatus } from "./client-status.ts";
import { createConnection } from "./connection.ts";
import { parseControl, parseEvent, reasonOf } from "./blocks.ts";
import { createDelays } from "./delays.ts";
import { draftOf, type Draft } from "./draft.ts";
import type { Pages } from "./pages.ts";
import { createRefusals } from "./refusals.ts";
import { subscriptionFactory, type Subscription } from "./subscription.ts";
import {
  areFollowed,
  dropAsked,
  askedFor,
  forget,
  haveChanged,
  haveNewcomers,
  inputAll,
  moveTrack,
  onConnection,
  trackOf,
  type Track,
  type Tracks,
} from "./tracks.ts";

/** Milliseconds before a path that nobody follows any more leaves the connection. It may come back at once. */
const LINGER = 1_000;

export interface Stream {
  readonly status: Watchable<Status>;
  /**
   * Follows an address.
   * @param wantsState whether it begins with the channel's snapshot
   * @param after where to go on from; null: from now on
   */
  follow(address: Address, consumer: Consumer, wantsState: boolean, after: Position | null): Subscription;
  /** Ends every pause. */
  reconnect(): void;
  close(): void;
}

/** The stream that all subscriptions of a client share: which paths it follows, and who gets what it brings. */
export function createStream(contract: Contract, settings: Settings, decoder: Decoder, pages: Pages): Stream {
  const { clock, closing, trace } = settings;
  /** How far the stream has come. */
  let progress = beginAfter(null);
  const tracks: Tracks = new Map();
  /** Paths that the stream's position does not speak of yet. */
  let newcomers: readonly Track[] = [];
  /** Whether a request that is under way has begun before a gap, or before the epoch of the stream. */
  let isOutdated = false;
  const delays = createDelays(clock);
  const refusals = createRefusals(settings, delays, forgive);
  const connection = createConnection(settings, {
    draft,
    hasNewcomers: () => haveNewcomers(tracks),
    onEvent,
    onRefused,
    onDropped: () => dropAsked(tracks),
    onPending: onStatus,
    onClosed,
  });
  connection.status.subscribe(onStatus);
  const createSubscription = subscriptionFactory(settings, decoder, pages, connection);
  const { status, include } = createClientStatus(connection.status);

  function follow(address: Address, consumer: Consumer, wantsState: boolean, after: Position | null): Subscription {
    // An address of another contract must leave nothing behind.
    decoder.channelOf(address);
    const track = trackOf(tracks, address);
    function onLeft(reason: Reason): void {
      // A page has refused the path. A stream that does is heard in `onRefused`.
      if (track.subscriptions.size === 0 && (reason === "forbidden" || reason === "rejected")) {
        refusals.leaveOut(track, { reason });
      }
      forget(tracks, track);
      lookIn(LINGER);
    }
    lookIn(0);
    const positionOfTrack = () => ({ stream: progress, reached: reachedOf(track.state) });
    const subscription = createSubscription(track, positionOfTrack, consumer, wantsState, after, onLeft);
    include(subscription.status);
    const failure = refusals.failureOf(track);
    if (failure) {
      subscription.input("failure", failure);
    }
    return subscription;
  }

  function reconnect(): void {
    connection.input("reconnect", null);
    for (const track of [...tracks.values()]) {
      forgive(track);
      inputAll(track, "reconnect", null);
    }
  }

  function draft(): Draft | null {
    return draftOf(tracks, progress.handled, (fresh, after) => {
      newcomers = fresh;
      progress = beginAfter(after);
      isOutdated = false;
    });
  }

  function onEvent({ event, data, id }: ServerSentEvent, hello: (heartbeat: number) => void): void {
    const at = toPosition(id);
    if (at && isLeft(progress, at)) {
      return;
    }
    if (at) {
      noteEpoch(at);
    }
    const wire = parseEvent(event, data);
    if (wire) {
      deliver(wire, at);
    } else {
      onControl(event, data, at, hello);
    }
    if (at) {
      // Only now: an id counts when its event has been handled.
      progress = moveTo(progress, at);
      replaceOutdated();
      begin(at, event === "heartbeat" ? onConnection(tracks) : newcomers);
    }
  }

  function onRefused(ending: Ending): boolean {
    const refused = askedFor(tracks).filter(({ address }) => ending.channels?.includes(address.path));
    for (const track of refused) {
      refusals.leaveOut(track, ending);
      inputAll(track, "failure", ending);
    }
    return refused.length > 0;
  }

  function onStatus(): void {
    // A copy: handlers subscribe and close.
    for (const track of [...tracks.values()]) {
      inputAll(track, "connection", connection.status.value);
    }
  }

  function onClosed(): void {
    delays.close();
    closing.abort(unexpected("closed", "an open client", "a closed one; create another"));
  }

  /** After a failover the stream goes on in another epoch. */
  function noteEpoch(at: Position): void {
    const last = leaves(progress, at);
    if (!last) {
      return;
    }
    progress = leave(progress, last);
    isOutdated = true;
    for (const track of tracks.values()) {
      inputAll(track, "epoch", last);
    }
  }

  /** The next stream has to begin where this one stands now. */
  function replaceOutdated(): void {
    if (isOutdated) {
      isOutdated = false;
      connection.input("outdated", null);
      lookIn(LINGER);
    }
  }

  /** The stream's position speaks of these tracks from now on. It lies behind all their gaps. */
  function begin(reached: Position, begun: readonly Track[]): void {
    newcomers = [];
    for (const track of begun) {
      moveTrack(track, "reach", reached);
      inputAll(track, "start", null);
    }
  }

  function deliver(wire: PageEvent, at: Position | null): void {
    const { channel, type } = wire;
    const track = tracks.get(channel);
    if (at) {
      progress = carry(progress, at);
    }
    if (!track) {
      return;
    }
    // Also while nobody follows the path: somebody may come back to it.
    // A value may have survived inside of a hole. Only a reliable event lies after the gap.
    if (at && (reachedOf(track.state) || decoder.modeOf(track.address, type) === "reliable")) {
      moveTrack(track, "carry", at);
    }
    if (track.subscriptions.size === 0) {
      return;
    }
    const item = decoder.item(track.address, wire, at);
    if (!item) {
      return;
    }
    trace("debug", "event", { channel, type }, at);
    inputAll(track, "item", item);
    trace("debug", "handled", { channel, type }, at);
  }

  function onControl(event: string, json: string, at: Position | null, hello: (heartbeat: number) => void): void {
    const data = parseControl(json);
    const { channel, type, channels } = data;
    switch (event) {
      case "hello":
        hello(data.heartbeat);
        lookIn(0);
        compareVersion(data.contract);
        break;
      case "clear":
        if (at) {
          deliver({ channel, type, clear: data.key, id: at.token }, at);
        }
        break;
      case "gap":
        // PROTOCOL.md has the reasons. An unknown one is only handed on.
        onGap(Object(channels) as Record<string, GapReason>, at);
        break;
      case "bye":
        onBye(data.reason, channels);
        break;
      default:
        // A heartbeat, or a control event of a newer server.
        break;
    }
  }

  function compareVersion(theirs: string): void {
    // At the beginning only. During a deployment the two differ for a while, which is nothing to stop for.
    if (!progress.handled && theirs && theirs !== fingerprint(contract)) {
      trace("warn", "contract", { detail: "The server has another version." });
    }
  }

  function onGap(gaps: Readonly<Record<string, GapReason>>, next: Position | null): void {
    if (next) {
      // Known before the subscriptions hear of it: they start anew from here.
      progress = moveTo(progress, next);
    }
    for (const [path, reason] of Object.entries(gaps)) {
      const track = tracks.get(path);
      if (!track) {
        continue;
      }
      // Also where the path is not on the stream any more, as far as we know: the stream may still have brought it.
      isOutdated ||= isOnConnection(track.state);
      moveTrack(track, "reach", next);
      inputAll(track, "gap", { reason, next, now: clock.now() });
    }
    if (next) {
      connection.input("ended", { reason: "gap" });
    }
  }

  function onBye(reason: ByeReason, channels: unknown): void {
    const isRefusal = reason === "forbidden" || reason === "unknown";
    if (isRefusal && Array.isArray(channels)) {
      onRefused({ reason, channels: channels as string[] });
    } else if (typeof reason === "string") {
      const paths = onConnection(tracks).map(({ address }) => address.path);
      connection.input("ended", { reason: reasonOf(reason), channels: isRefusal ? paths : undefined });
    }
  }

  /** The path may be asked for again. */
  function forgive(track: Track): void {
    moveTrack(track, "forgive", null);
    forget(tracks, track);
    look();
  }

  /** Looks after a while what to follow. All that changes until then is one change. */
  function lookIn(milliseconds: number): void {
    delays.add(milliseconds, milliseconds, look);
  }

  function look(): void {
    // What the next stream waits for may have become needless.
    if (haveChanged(tracks) || connection.pending()) {
      connection.input("wanted", areFollowed(tracks));
    }
  }

  return { status, follow, reconnect, close: () => connection.input("close", { reason: "closed" }) };
}

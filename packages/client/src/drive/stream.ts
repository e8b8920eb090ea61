import { fingerprint, type Address, type Contract } from "@tidings/contract";
import {
  parseEventName,
  type ControlEvents,
  type EventRequest,
  type GapReason,
  type PageEvent,
  type ServerSentEvent,
} from "@tidings/protocol";
import type { Consumer } from "../deliver/consumer.ts";
import type { Decoder } from "../deliver/decoder.ts";
import type { Settings } from "../options.ts";
import { hasSeen, toPosition, type Position } from "../state/position.ts";
import type { Reason } from "../status.ts";
import type { Trace } from "../trace.ts";
import { createConnection, type Connection } from "./connection.ts";
import type { Pages } from "./pages.ts";
import { createSubscription, type Subscription, type SubscriptionNeeds } from "./subscription.ts";
import { createTracks, type Track } from "./tracks.ts";

/** Milliseconds before a path that nobody follows any more leaves the connection. It may come back at once. */
const LINGER = 1_000;
/** Milliseconds before a path that the server does not know is asked for again. */
const FORGIVENESS = 60_000;

/** The fields of control events. What a newer or a strange server sends may lack any of them. */
type ControlData = ControlEvents["hello"] &
  ControlEvents["clear"] &
  Pick<ControlEvents["bye"], "reason"> & { readonly channels: unknown };

/** What the stream needs of its client. */
export interface StreamNeeds {
  readonly contract: Contract;
  readonly settings: Settings;
  readonly decoder: Decoder;
  readonly pages: Pages;
  readonly trace: Trace;
}

export interface Stream {
  readonly connection: Connection;
  /**
   * Follows an address.
   * @param wantsState whether it begins with the channel's snapshot
   * @param after where to go on from; null: from now on
   */
  follow(address: Address, consumer: Consumer, wantsState: boolean, after: Position | null): Subscription;
}

/** The stream that all subscriptions of a client share: which paths it follows, and who gets what it brings. */
export function createStream(needs: StreamNeeds): Stream {
  const { contract, settings, decoder, pages, trace } = needs;
  /** How far the stream has come. */
  const here: { handled: Position | null; carried: Position | null } = { handled: null, carried: null };
  const tracks = createTracks(here);
  /** Paths that the stream's position does not speak of yet. */
  let newcomers: readonly Track[] = [];
  /** The last positions of epochs that the running connection has left. It never comes back to them. */
  let leftEpochs: Position[] = [];
  /** What cancels the timers. */
  const cancelTimers = new Set<() => void>();
  /** The pauses after which a timer will look what to follow. */
  const looks = new Set<number>();
  const connection = createConnection(settings, trace, { request, onEvent, onRefused, onClosed });
  const forSubscriptions: SubscriptionNeeds = { ...needs, connection: connection.status, onLeft };

  function follow(address: Address, consumer: Consumer, wantsState: boolean, after: Position | null): Subscription {
    const track = tracks.of(address);
    const subscription = createSubscription(forSubscriptions, address, track, consumer, wantsState, after);
    const { value } = connection.status;
    if (value.state === "closed") {
      subscription.close(value.reason);
      return subscription;
    }
    track.subscriptions.add(subscription);
    subscription.resume();
    subscription.onStart();
    lookIn(0);
    return subscription;
  }

  function request(): EventRequest | null {
    const asked = tracks.ask();
    newcomers = asked.filter(({ standing }) => standing === "asked");
    leftEpochs = [];
    if (newcomers.length === asked.length) {
      // The position speaks of nothing that is wanted: everything begins now.
      moveTo(null);
    }
    if (asked.length === 0) {
      return null;
    }
    const after = here.handled?.token ?? null;
    trace.debug("connect", { detail: `${asked.length} channels`, ...(after !== null && { id: after }) });
    return { channels: new Map(asked.map(({ address }) => [address.path, null])), after };
  }

  function onEvent({ event, data, id }: ServerSentEvent): void {
    const position = toPosition(id);
    if (position && leftEpochs.some((last) => hasSeen(last, position))) {
      return;
    }
    if (position) {
      noteEpoch(position);
    }
    const name = parseEventName(event);
    if (name) {
      deliver({ ...name, data: null }, position, data);
    } else {
      onControl(event, data, position);
    }
    if (position) {
      // Only now: an id counts when its event has been handled.
      moveTo(position);
      begin(position, event === "heartbeat" ? tracks.onConnection() : newcomers);
    }
  }

  function onRefused(paths: readonly string[], reason: Reason): boolean {
    const refused = tracks.onConnection().filter(({ address }) => paths.includes(address.path));
    for (const track of refused) {
      track.standing = "absent";
      track.reached = null;
      if (reason === "unknown") {
        leaveOut(track);
      }
    }
    for (const track of refused) {
      for (const subscription of [...track.subscriptions]) {
        subscription.onRefused(reason);
      }
    }
    return refused.length > 0;
  }

  function onClosed(): void {
    for (const cancel of cancelTimers) {
      cancel();
    }
    pages.close();
  }

  function moveTo(position: Position | null): void {
    here.handled = position;
    here.carried = position;
  }

  /** After a failover the stream goes on in another epoch. */
  function noteEpoch({ epoch }: Position): void {
    const { handled } = here;
    if (!handled || handled.epoch === epoch) {
      return;
    }
    leftEpochs.push(handled);
    for (const { subscriptions } of tracks.all()) {
      for (const subscription of [...subscriptions]) {
        subscription.onEpoch(handled);
      }
    }
  }

  /** The stream's position speaks of these tracks from now on. It lies behind all their gaps. */
  function begin(position: Position, begun: readonly Track[]): void {
    newcomers = [];
    for (const track of begun) {
      track.standing = "followed";
      track.reached = position;
    }
    for (const { subscriptions } of begun) {
      for (const subscription of [...subscriptions]) {
        subscription.onStart();
      }
    }
  }

  /** @param json the data, where it is not parsed yet: what nobody follows never is */
  function deliver(wire: PageEvent, position: Position | null, json?: string): void {
    const { channel, type } = wire;
    const track = tracks.get(channel);
    if (position) {
      here.carried = position;
    }
    if (!track || track.subscriptions.size === 0) {
      return;
    }
    track.reached = position ?? track.reached;
    const item = decoder.item(track.address, wire, position, json);
    if (!item) {
      return;
    }
    const about = { channel, type, ...(position && { id: position.token }) };
    trace.debug("event", about);
    // A copy: handlers subscribe and close.
    for (const subscription of [...track.subscriptions]) {
      subscription.onItem(item);
    }
    trace.debug("handled", about);
  }

  function onControl(event: string, json: string, position: Position | null): void {
    const data = parseControl(json);
    switch (event) {
      case "hello":
        return onHello(data);
      case "clear":
        return onClear(data, position);
      case "gap":
        // PROTOCOL.md has the reasons. An unknown one is only handed on.
        return onGap(Object(data.channels) as Record<string, GapReason>, position);
      case "bye":
        return onBye(data);
      default:
        // A heartbeat, or a control event of a newer server.
        return undefined;
    }
  }

  function onHello({ heartbeat, contract: theirs }: ControlData): void {
    connection.hello(heartbeat);
    // At the beginning only. During a deployment the two differ for a while, which is nothing to stop for.
    if (!here.handled && theirs && theirs !== fingerprint(contract)) {
      trace.warn("contract", { detail: "The server has another version." });
    }
  }

  function onClear({ channel, type, key }: ControlData, position: Position | null): void {
    if (position) {
      deliver({ channel, type, clear: key, id: position.token }, position);
    }
  }

  function onGap(gaps: Readonly<Record<string, GapReason>>, next: Position | null): void {
    if (next) {
      // Known before the subscriptions hear of it: they start anew from here.
      moveTo(next);
    }
    for (const [path, reason] of Object.entries(gaps)) {
      const track = tracks.get(path);
      if (!track) {
        continue;
      }
      track.reached = next;
      for (const subscription of [...track.subscriptions]) {
        subscription.onGap(reason, next);
      }
    }
    if (next) {
      connection.end({ reason: "gap" });
    }
  }

  function onBye({ reason, channels }: ControlData): void {
    const isRefusal = reason === "forbidden" || reason === "unknown";
    if (isRefusal && Array.isArray(channels)) {
      onRefused(channels as string[], reason);
    } else if (isRefusal) {
      connection.end({ reason, channels: tracks.onConnection().map(({ address }) => address.path) });
    } else if (reason) {
      connection.end({ reason });
    }
  }

  function onLeft(subscription: Subscription): void {
    const track = tracks.of(subscription.address);
    track.subscriptions.delete(subscription);
    tracks.forget(track);
    lookIn(LINGER);
  }

  /** The server does not know the path. It is asked for again when a deployment may be over. */
  function leaveOut(track: Track): void {
    track.standing = "unknown";
    later(FORGIVENESS, () => {
      track.standing = "absent";
      tracks.forget(track);
      look();
    });
  }

  /** Looks after a while what to follow. All that changes until then is one change. */
  function lookIn(milliseconds: number): void {
    if (looks.has(milliseconds)) {
      return;
    }
    looks.add(milliseconds);
    later(milliseconds, () => {
      looks.delete(milliseconds);
      look();
    });
  }

  function look(): void {
    if (tracks.hasChanged()) {
      connection.change();
    }
  }

  function later(milliseconds: number, task: () => void): void {
    if (connection.status.value.state === "closed") {
      return;
    }
    const cancel = settings.clock.setTimeout(() => {
      cancelTimers.delete(cancel);
      task();
    }, milliseconds);
    cancelTimers.add(cancel);
  }

  return { connection, follow };
}

function parseControl(json: string): ControlData {
  try {
    return Object(JSON.parse(json)) as ControlData;
  } catch {
    return {} as ControlData;
  }
}

import { fingerprint, type Address, type Contract } from "@tidings/contract";
import {
  parseEventName,
  type ByeReason,
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
import type { SubscriptionInputs } from "../state/subscription-state.ts";
import type { Ending } from "../state/ending.ts";
import { createConnection, type Connection } from "./connection.ts";
import type { Pages } from "./pages.ts";
import { subscriptionFactory, type Subscription } from "./subscription.ts";
import { areFollowed, ask, haveChanged, forget, onConnection, trackOf, type Track, type Tracks } from "./tracks.ts";

/** Milliseconds before a path that nobody follows any more leaves the connection. It may come back at once. */
const LINGER = 1_000;
/** Milliseconds before a path that the server does not know is asked for again. */
const FORGIVENESS = 60_000;

/** The fields of control events. What a newer or a strange server sends may lack any of them. */
type ControlData = ControlEvents["hello"] &
  ControlEvents["clear"] &
  Pick<ControlEvents["bye"], "reason"> & { readonly channels: unknown };

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
export function createStream(contract: Contract, settings: Settings, decoder: Decoder, pages: Pages): Stream {
  const { clock, trace } = settings;
  /** How far the stream has come. */
  const streamPosition: { handled: Position | null; carried: Position | null } = { handled: null, carried: null };
  const tracks: Tracks = new Map();
  /** Paths that the stream's position does not speak of yet. */
  let newcomers: readonly Track[] = [];
  /** The last positions of epochs that the running connection has left. It never comes back to them. */
  let leftEpochs: Position[] = [];
  /** What cancels each timer. */
  const timers = new Map<unknown, () => void>();
  const connection = createConnection(settings, { request, onEvent, onRefused, onClosed });
  connection.status.subscribe((status) => {
    // A copy: handlers subscribe and close.
    for (const track of [...tracks.values()]) {
      inputAll(track, "connection", status);
    }
  });
  const createSubscription = subscriptionFactory(settings, decoder, pages, connection.status);

  function follow(address: Address, consumer: Consumer, wantsState: boolean, after: Position | null): Subscription {
    const track = trackOf(tracks, address, streamPosition);
    function onLeft(): void {
      forget(tracks, track);
      lookIn(LINGER);
    }
    lookIn(0);
    return createSubscription(track, consumer, wantsState, after, onLeft);
  }

  function request(): EventRequest | null {
    const requested = ask(tracks);
    newcomers = requested.filter(({ standing }) => standing === "requested");
    leftEpochs = [];
    if (newcomers.length === requested.length) {
      // The position speaks of nothing that is wanted: everything begins now.
      moveTo(null);
    }
    if (requested.length === 0) {
      return null;
    }
    const { handled } = streamPosition;
    trace("debug", "connect", { detail: `${requested.length} channels` }, handled);
    return { channels: new Map(requested.map(({ address }) => [address.path, null])), after: handled?.token ?? null };
  }

  function onEvent({ event, data, id }: ServerSentEvent, hello: (heartbeat: number) => void): void {
    const position = toPosition(id);
    if (position && leftEpochs.some((last) => hasSeen(last, position))) {
      return;
    }
    if (position) {
      noteEpoch(position);
    }
    const name = parseEventName(event);
    if (name) {
      deliver(
        {
          ...name,
          // Parsed where somebody wants it: what nobody follows never is.
          get data() {
            return JSON.parse(data) as unknown;
          },
        },
        position,
      );
    } else {
      onControl(event, data, position, hello);
    }
    if (position) {
      // Only now: an id counts when its event has been handled.
      moveTo(position);
      begin(position, event === "heartbeat" ? onConnection(tracks) : newcomers);
    }
  }

  function onRefused(ending: Ending): boolean {
    const refused = onConnection(tracks).filter(({ address }) => ending.channels?.includes(address.path));
    for (const track of refused) {
      track.standing = "absent";
      track.reached = null;
      if (ending.reason === "unknown") {
        leaveOut(track);
      }
      inputAll(track, "failure", ending);
    }
    return refused.length > 0;
  }

  function onClosed(): void {
    for (const cancel of timers.values()) {
      cancel();
    }
    pages.close();
  }

  function moveTo(position: Position | null): void {
    streamPosition.handled = position;
    streamPosition.carried = position;
  }

  /** After a failover the stream goes on in another epoch. */
  function noteEpoch({ epoch }: Position): void {
    const { handled } = streamPosition;
    if (!handled || handled.epoch === epoch) {
      return;
    }
    leftEpochs.push(handled);
    for (const track of tracks.values()) {
      inputAll(track, "epoch", handled);
    }
  }

  /** The stream's position speaks of these tracks from now on. It lies behind all their gaps. */
  function begin(position: Position, begun: readonly Track[]): void {
    newcomers = [];
    for (const track of begun) {
      track.standing = "followed";
      track.reached = position;
      inputAll(track, "start", null);
    }
  }

  function deliver(wire: PageEvent, position: Position | null): void {
    const { channel, type } = wire;
    const track = tracks.get(channel);
    if (position) {
      streamPosition.carried = position;
    }
    if (!track) {
      return;
    }
    // Also while nobody follows the path: somebody may come back to it.
    track.reached = position ?? track.reached;
    if (track.subscriptions.size === 0) {
      return;
    }
    const item = decoder.item(track.address, wire, position);
    if (!item) {
      return;
    }
    trace("debug", "event", { channel, type }, position);
    inputAll(track, "item", item);
    trace("debug", "handled", { channel, type }, position);
  }

  function onControl(event: string, json: string, position: Position | null, hello: (heartbeat: number) => void): void {
    const data = parseControl(json);
    const { channel, type, channels } = data;
    switch (event) {
      case "hello":
        hello(data.heartbeat);
        compareVersion(data.contract);
        break;
      case "clear":
        if (position) {
          deliver({ channel, type, clear: data.key, id: position.token }, position);
        }
        break;
      case "gap":
        // PROTOCOL.md has the reasons. An unknown one is only handed on.
        onGap(Object(channels) as Record<string, GapReason>, position);
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
    if (!streamPosition.handled && theirs && theirs !== fingerprint(contract)) {
      trace("warn", "contract", { detail: "The server has another version." });
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
      inputAll(track, "gap", { reason, next, now: clock.now() });
    }
    if (next) {
      connection.end({ reason: "gap" });
    }
  }

  function onBye(reason: ByeReason, channels: unknown): void {
    const isRefusal = reason === "forbidden" || reason === "unknown";
    if (isRefusal && Array.isArray(channels)) {
      onRefused({ reason, channels: channels as string[] });
    } else if (typeof reason === "string") {
      const paths = onConnection(tracks).map(({ address }) => address.path);
      connection.end({ reason, channels: isRefusal ? paths : undefined });
    }
  }

  /** The server does not know the path. It is asked for again when a deployment may be over. */
  function leaveOut(track: Track): void {
    track.standing = "unknown";
    lookIn(FORGIVENESS, track, () => (track.standing = "absent"));
  }

  /**
   * Looks after a while what to follow. All that changes until then is one change.
   * @param what tells timers apart: there is one at a time for each
   * @param task is done before
   */
  function lookIn(milliseconds: number, what: unknown = milliseconds, task = () => {}): void {
    if (connection.status.value.state === "closed" || timers.has(what)) {
      return;
    }
    function run(): void {
      timers.delete(what);
      task();
      if (haveChanged(tracks)) {
        connection.change(areFollowed(tracks));
      }
    }
    timers.set(what, clock.setTimeout(run, milliseconds));
  }

  return { connection, follow };
}

/** Each subscription of a track gets an input. */
function inputAll<Name extends keyof SubscriptionInputs>(
  { subscriptions }: Track,
  name: Name,
  about: SubscriptionInputs[Name],
): void {
  // A copy: handlers subscribe and close.
  for (const input of [...subscriptions]) {
    input(name, about);
  }
}

function parseControl(json: string): ControlData {
  try {
    return Object(JSON.parse(json)) as ControlData;
  } catch {
    return {} as ControlData;
  }
}

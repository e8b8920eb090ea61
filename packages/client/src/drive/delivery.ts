import { textOf } from "@tidings/protocol/call-safely";
import type { GapReason, PageEvent } from "@tidings/protocol";
import type { Decoder } from "../deliver/decoder.ts";
import type { Settings } from "../options.ts";
import type { Ending } from "../state/ending.ts";
import { beginOverlap, NO_OVERLAP, takeWithoutId } from "../state/overlap.ts";
import { toPosition, type Position } from "../state/position.ts";
import { beginAfter, carry, isLeft, leave, leaves, moveTo, type StreamProgress } from "../state/stream-progress.ts";
import { isOnConnection, reachedOf } from "../state/track-state.ts";
import { parseBye, parseControl, parseEvent, type StreamBlock } from "./blocks.ts";
import type { SayHello } from "./connection-user.ts";
import type { Connection } from "./connection.ts";
import type { ContractWatch } from "./server-contract.ts";
import { inputAll, moveTrack, onConnection, type Track, type Tracks } from "./tracks.ts";

/** Milliseconds for which subscriptions may be ahead of a stream that moves on. */
const PATIENCE = 15_000;

interface DeliveryNeeds {
  readonly contract: Pick<ContractWatch, "note">;
  readonly settings: Pick<Settings, "clock" | "trace">;
  readonly decoder: Pick<Decoder, "item" | "modeOf">;
  readonly tracks: Tracks;
  readonly connection: Pick<Connection, "input">;
  readonly onRefused: (ending: Ending) => boolean;
  /** Looks which paths to follow. */
  readonly lookSoon: () => void;
  readonly lookLater: () => void;
}

/** Who gets what a stream brings, and how far the stream has come. */
interface Delivery {
  readonly progress: () => StreamProgress;
  /**
   * A stream begins.
   * @param begun the paths that the one before has not followed
   * @param after where it begins; null: now
   */
  readonly begin: (begun: readonly Track[], after: Position | null) => void;
  readonly onEvent: (event: StreamBlock, hello: SayHello) => void;
}

export function createDelivery(needs: DeliveryNeeds): Delivery {
  const { contract, decoder, tracks, connection, onRefused, lookSoon, lookLater } = needs;
  const { clock, trace } = needs.settings;
  /** How far the stream has come. */
  let progress = beginAfter(null);
  /** When the stream was last compared with the subscriptions, in milliseconds since 1970. */
  let lastCheck = 0;
  /** Paths of which the stream's position says nothing yet. This list saves a look at all paths with every id. */
  let newcomers: readonly Track[] = [];

  function begin(begun: readonly Track[], after: Position | null): void {
    const now = clock.now();
    for (const track of tracks.values()) {
      track.overlap = track.overlap && beginOverlap(track.overlap, progress.handled, now);
    }
    newcomers = begun;
    progress = beginAfter(after);
  }

  function onEvent({ event, data, id }: StreamBlock, hello: SayHello): void {
    const at = toPosition(id);
    if (at && isLeft(progress, at)) {
      return;
    }
    if (at) {
      noteEpoch(at);
    }
    const wire = parseEvent(event, data);
    if (wire) {
      deliver(wire, at, at ? event : `${event} ${data}`);
    } else {
      onControl(event, data, at, hello);
    }
    if (at) {
      // Only now: an id counts when its event has been handled.
      progress = moveTo(progress, at);
      const now = clock.now();
      // A busy stream has no heartbeats. Those who join now may be a little ahead.
      if (Math.abs(now - lastCheck) > PATIENCE) {
        lastCheck = now;
        check(at);
      }
      reach(at, event === "heartbeat" ? onConnection(tracks) : newcomers);
    }
  }

  /** Those who are ahead of a position of the stream ask what has become of that. */
  function check(last: Position): void {
    for (const track of tracks.values()) {
      inputAll(track, "epoch", last);
    }
  }

  /** After a failover the stream goes on in another epoch. */
  function noteEpoch(at: Position): void {
    const last = leaves(progress, at);
    if (!last) {
      return;
    }
    progress = leave(progress, last);
    replaceNext();
    check(last);
  }

  /** A request that is under way has begun too early. The next one follows later, from where the stream stands then. */
  function replaceNext(): void {
    connection.input("outdated", null);
    lookLater();
  }

  /** The stream's position speaks of these tracks from now on. It lies behind all their gaps. */
  function reach(reached: Position, begun: readonly Track[]): void {
    newcomers = [];
    for (const track of begun) {
      moveTrack(track, "reach", reached);
      inputAll(track, "start", reached);
    }
  }

  /** @param text tells events without an id apart */
  function deliver(wire: PageEvent, at: Position | null, text: string): void {
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
    if (!at && comesAgain(track, text)) {
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

  function comesAgain(track: Track, text: string): boolean {
    track.overlap = takeWithoutId(track.overlap ?? NO_OVERLAP, text, progress.handled, clock.now());
    return track.overlap.isRepetition;
  }

  function onControl(event: string, json: string | null, at: Position | null, hello: SayHello): void {
    const data = parseControl(json);
    const { channel, type, channels } = data;
    switch (event) {
      case "hello":
        if (hello(data.heartbeat)) {
          lookSoon();
          compareVersion(data.contract);
        }
        break;
      case "clear":
        if (at && [type, data.key].every((text) => typeof text === "string")) {
          deliver({ channel, type, clear: data.key, id: at.token }, at, event);
        }
        break;
      case "gap":
        // PROTOCOL.md has the reasons. An unknown one is only handed on.
        onGap(Object(channels) as object, at);
        break;
      case "bye":
        onBye(parseBye(json));
        break;
      default:
      // A heartbeat, or a control event of a newer server.
    }
  }

  function compareVersion(theirs: unknown): void {
    // Told at the beginning only. During a deployment the two differ for a while, which is nothing to stop for.
    if (typeof theirs === "string" && contract.note(theirs) && !progress.handled) {
      trace("warn", "contract", { detail: "The server has another version." });
    }
  }

  function onGap(gaps: object, next: Position | null): void {
    if (next) {
      // Known before the subscriptions hear of it: they start anew from here.
      progress = moveTo(progress, next);
    }
    for (const [path, reason] of Object.entries<unknown>(gaps as Readonly<Record<string, unknown>>)) {
      const track = tracks.get(path);
      if (!track) {
        continue;
      }
      // Also where the path is not on the stream any more, as far as we know: the stream may still have brought it.
      moveTrack(track, "reach", next);
      if (isOnConnection(track.state)) {
        replaceNext();
      }
      // Of whatever type the reason is: handlers get a text.
      inputAll(track, "gap", { reason: textOf(reason) as GapReason, next, now: clock.now() });
    }
    if (next) {
      connection.input("ended", { reason: "gap" });
    }
  }

  function onBye(bye: Ending | null): void {
    const isRefusal = bye?.reason === "forbidden" || bye?.reason === "unknown";
    if (isRefusal && bye.channels) {
      onRefused(bye);
    } else if (bye) {
      const channels = isRefusal ? onConnection(tracks).map(({ address }) => address.path) : undefined;
      // Where nothing is left to refuse, the stream ends, and no more.
      connection.input("ended", channels?.length === 0 ? { reason: "unavailable" } : { ...bye, channels });
    }
  }

  return { progress: () => progress, begin, onEvent };
}

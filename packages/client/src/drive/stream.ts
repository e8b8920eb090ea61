import type { Address } from "@tidings/contract";
import type { Decoder } from "../deliver/decoder.ts";
import type { Settings } from "../options.ts";
import type { Ending } from "../state/ending.ts";
import { isAskedFor, reachedOf } from "../state/track-state.ts";
import type { Ended } from "../status.ts";
import { createConnection } from "./connection.ts";
import { createDelivery } from "./delivery.ts";
import { draftOf } from "./draft.ts";
import type { Refusals } from "./refusals.ts";
import type { ContractWatch } from "./server-contract.ts";
import {
  areFollowed,
  areInHole,
  askedFor,
  dropAsked,
  forget,
  haveChanged,
  haveNewcomers,
  inputAll,
  moveTrack,
  trackOf,
  type Home,
  type Track,
  type Tracks,
} from "./tracks.ts";

/** Milliseconds before a path that nobody follows any more leaves the connection. It may come back at once. */
const LINGER = 1_000;

/** What a stream needs from the client. */
interface StreamNeeds {
  readonly contract: Pick<ContractWatch, "note">;
  readonly settings: Settings;
  readonly decoder: Decoder;
  readonly refusals: Refusals;
  /** Another stream has to follow these tracks: this one may not ask for so many. */
  readonly onSurplus: (tracks: readonly Track[]) => void;
  /** The stream has closed, for good. */
  readonly onClosed: (ended: Ended) => void;
}

/** One stream, which many subscriptions share. */
export interface Stream extends Home {
  /** The paths that it follows, or is to follow. */
  readonly tracks: ReadonlyMap<string, Track>;
  /** The track of an address, which the stream will follow. */
  follow(address: Address): Track;
  /** Takes the track of another stream. */
  adopt(track: Track): void;
  /** Ends every pause. */
  reconnect(): void;
  close(ending: Ending): void;
}

/** Which paths a stream follows. */
export function createStream({ contract, settings, decoder, refusals, onSurplus, onClosed }: StreamNeeds): Stream {
  const tracks: Tracks = new Map();
  const { alarms } = settings;
  const connection = createConnection(settings, {
    draft: () => draftOf(tracks, delivery.progress().handled, delivery.begin),
    hasNewcomers: () => haveNewcomers(tracks),
    isInHole: () => areInHole(tracks),
    onEvent: (event, hello) => delivery.onEvent(event, hello),
    onRefused,
    onDropped: () => dropAsked(tracks),
    onClosed,
  });
  const delivery = createDelivery({ contract, settings, decoder, tracks, connection, onRefused, lookSoon, lookLater });
  connection.status.subscribe(onStatus);
  connection.pending.subscribe(onStatus);
  const stream: Stream = {
    status: connection.status,
    pending: connection.pending,
    position: ({ state }) => ({ stream: delivery.progress(), reached: reachedOf(state) }),
    tracks,
    follow(address) {
      lookSoon();
      return trackOf(tracks, stream, address);
    },
    adopt,
    noteEnd,
    forgive,
    reconnect,
    close: (ending) => connection.input("close", ending),
  };
  return stream;

  function adopt(track: Track): void {
    inputAll(track, "moved", null);
    moveTrack(track, "move", null);
    track.home = stream;
    tracks.set(track.address.path, track);
    // What it shows is the status of this stream from now on.
    inputAll(track, "connection", connection.status.value);
    lookSoon();
  }

  function noteEnd(track: Track, { reason, cause: error }: Ended): void {
    // The options are those of the whole client. A page may be the first that needs them.
    if (reason === "bad-option") {
      connection.input("close", { reason, error });
    }
    // A page has refused the path. A stream that does is heard in `onRefused`.
    if (track.subscriptions.size === 0 && (reason === "forbidden" || reason === "rejected")) {
      refusals.leaveOut(track, { reason });
    }
    forget(tracks, track);
    lookLater();
  }

  function reconnect(): void {
    connection.input("reconnect", null);
    for (const track of [...tracks.values()]) {
      forgive(track);
      inputAll(track, "reconnect", null);
    }
  }

  /** Returns whether another request than the refused one makes sense. */
  function onRefused(ending: Ending): boolean {
    if (ending.most !== undefined) {
      shed();
      return true;
    }
    const refused = (ending.channels ?? []).flatMap((path) => tracks.get(path) ?? []);
    for (const track of refused) {
      // A page may have brought the refusal first.
      if (isAskedFor(track.state)) {
        refusals.leaveOut(track, ending);
        inputAll(track, "failure", ending);
      }
    }
    lookLater();
    return refused.length > 0;
  }

  /** Leaves what is more than one request may ask for to another stream: first what is new. */
  function shed(): void {
    const asked = askedFor(tracks);
    const followed = asked.filter(({ state }) => state.kind === "followed");
    const surplus = [...new Set([...followed, ...asked])].slice(settings.allowance.channels);
    for (const { address } of surplus) {
      tracks.delete(address.path);
    }
    onSurplus(surplus);
  }

  function onStatus(): void {
    // A copy: handlers subscribe and close.
    for (const track of [...tracks.values()]) {
      inputAll(track, "connection", connection.status.value);
    }
  }

  function forgive(track: Track): void {
    moveTrack(track, "forgive", null);
    forget(tracks, track);
    look();
  }

  /** Looks what to follow. All that changes until then is one change. */
  function lookSoon(): void {
    alarms.setOnce(lookSoon, 0, look);
  }

  function lookLater(): void {
    alarms.setOnce(lookLater, LINGER, look);
  }

  function look(): void {
    // What the next stream waits for may have become needless.
    const isWanted = areFollowed(tracks);
    if (!isWanted || haveChanged(tracks) || connection.pending.value) {
      connection.input("wanted", isWanted);
    }
  }
}

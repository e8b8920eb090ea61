import type { Address } from "@tidings/contract";
import type { Position, StreamPosition } from "../state/position.ts";
import type { ChannelPosition, SubscriptionInputs, SubscriptionState } from "../state/subscription-state.ts";
import type { Machine } from "./machine.ts";

/** One path: its subscriptions, and its state on the connection. */
export interface Track extends ChannelPosition {
  readonly address: Address;
  /** The inputs of the subscriptions' machines. */
  readonly subscriptions: Set<Machine<SubscriptionState, SubscriptionInputs>["input"]>;
  /**
   * - `absent`: the connection does not follow the path.
   * - `requested`: it does, but the stream's position does not cover the path yet. It will with the next id.
   * - `followed`: the stream's position covers the path.
   * - `unknown`: the server does not know the path. It is left out for a while.
   */
  standing: "absent" | "requested" | "followed" | "unknown";
  /**
   * Up to here the stream has carried the path. Null while it is not followed, and behind a gap whose end is not known.
   */
  reached: Position | null;
}

/** The tracks of one client, by path. */
export type Tracks = Map<string, Track>;

/** The track of an address. It is made when there is none. @param stream how far it has come, as it moves */
export function trackOf(tracks: Tracks, address: Address, stream: StreamPosition): Track {
  const { path } = address;
  const track: Track = tracks.get(path) ?? {
    address,
    subscriptions: new Set(),
    standing: "absent",
    stream,
    reached: null,
  };
  tracks.set(path, track);
  return track;
}

/** The tracks that the connection follows. */
export function onConnection(tracks: Tracks): Track[] {
  return [...tracks.values()].filter(isOnConnection);
}

/** Whether anybody follows any of them. */
export function areFollowed(tracks: Tracks): boolean {
  return [...tracks.values()].some(({ subscriptions }) => subscriptions.size > 0);
}

/** Whether the connection should follow other paths than it does. */
export function haveChanged(tracks: Tracks): boolean {
  return [...tracks.values()].some((track) =>
    track.subscriptions.size > 0 ? track.standing === "absent" : isOnConnection(track),
  );
}

/** Decides what the next connection follows. */
export function ask(tracks: Tracks): Track[] {
  for (const [path, track] of tracks) {
    if (track.subscriptions.size === 0 && track.standing !== "unknown") {
      tracks.delete(path);
    } else if (track.standing === "absent") {
      track.standing = "requested";
    } else if (track.standing === "followed") {
      // The next connection tells a gap again.
      track.reached ??= track.stream.handled;
    }
  }
  return onConnection(tracks);
}

/** Removes a track that has no subscriptions and is not on the connection. */
export function forget(tracks: Tracks, { subscriptions, standing, address }: Track): void {
  if (subscriptions.size === 0 && standing === "absent") {
    tracks.delete(address.path);
  }
}

function isOnConnection({ standing }: Track): boolean {
  return standing === "requested" || standing === "followed";
}

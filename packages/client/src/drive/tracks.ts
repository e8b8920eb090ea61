import type { Address } from "@tidings/contract";
import type { Overlap } from "../state/overlap.ts";
import type { ChannelPosition, SubscriptionInputs, SubscriptionState } from "../state/subscription-state.ts";
import {
  ABSENT,
  isAskedFor,
  isBehindGap,
  isOnConnection,
  trackTransition,
  type TrackInputs,
  type TrackState,
} from "../state/track-state.ts";
import type { Ended, Retrying, Status, Watchable } from "../status.ts";
import type { Machine } from "./machine.ts";

/** The stream that a track is on. */
export interface Home {
  readonly status: Watchable<Status>;
  /** Why what is new has to wait. */
  readonly pending: Watchable<Retrying | Ended | null>;
  /** How far the stream has come with a path. */
  position(track: Track): ChannelPosition;
  /** A subscription of the track has closed. */
  noteEnd(track: Track, ended: Ended): void;
  /** The path may be asked for again. */
  forgive(track: Track): void;
}

/** One path: its subscriptions, and its state on the connection. */
export interface Track {
  home: Home;
  readonly address: Address;
  /** The inputs of the subscriptions' machines. */
  readonly subscriptions: Set<Machine<SubscriptionState, SubscriptionInputs>["input"]>;
  state: TrackState;
  /** Null while no event without an id has come. */
  overlap: Overlap | null;
}

/** The tracks of one client, by path. */
export type Tracks = Map<string, Track>;

/** The track of an address. It is made when there is none. */
export function trackOf(tracks: Tracks, home: Home, address: Address): Track {
  const { path } = address;
  const track: Track = tracks.get(path) ?? { home, address, subscriptions: new Set(), state: ABSENT, overlap: null };
  tracks.set(path, track);
  return track;
}

/** Leads a track to its next state. */
export function moveTrack<Name extends keyof TrackInputs>(track: Track, input: Name, about: TrackInputs[Name]): void {
  track.state = trackTransition(track.state, input, about).state;
}

/** The tracks that the connection follows. */
export function onConnection(tracks: Tracks): Track[] {
  return [...tracks.values()].filter(({ state }) => isOnConnection(state));
}

/** The tracks that the next stream is asked for. */
export function askedFor(tracks: Tracks): Track[] {
  return [...tracks.values()].filter(({ state }) => isAskedFor(state));
}

/** Whether anybody follows any of them that may be asked for. */
export function areFollowed(tracks: Tracks): boolean {
  return [...tracks.values()].some(({ subscriptions, state }) => subscriptions.size > 0 && state.kind !== "leftOut");
}

/** Whether the connection should follow other paths than it does. */
export function haveChanged(tracks: Tracks): boolean {
  return [...tracks.values()].some(({ subscriptions, state }) =>
    subscriptions.size > 0 ? state.kind === "absent" : isAskedFor(state),
  );
}

/** Whether somebody follows a path that the stream does not have, and that may be asked for. */
export function haveNewcomers(tracks: Tracks): boolean {
  return [...tracks.values()].some(
    ({ subscriptions, state }) => subscriptions.size > 0 && (state.kind === "absent" || state.kind === "asked"),
  );
}

/** Whether a gap was told whose end is not known. */
export function areInHole(tracks: Tracks): boolean {
  return [...tracks.values()].some(({ state }) => isBehindGap(state));
}

/** Removes a track that has no subscriptions and is not on the connection. Its path may have another track by now. */
export function forget(tracks: Tracks, track: Track): void {
  const { path } = track.address;
  if (track.subscriptions.size === 0 && track.state.kind === "absent" && tracks.get(path) === track) {
    tracks.delete(path);
  }
}

/** The next stream will not come. Its paths may be asked for again. */
export function dropAsked(tracks: Tracks): void {
  for (const track of [...tracks.values()]) {
    moveTrack(track, "drop", null);
    forget(tracks, track);
  }
}

/** Each subscription of a track gets an input. */
export function inputAll<Name extends keyof SubscriptionInputs>(
  { subscriptions }: Track,
  name: Name,
  about: SubscriptionInputs[Name],
): void {
  // A copy: handlers subscribe and close.
  for (const input of [...subscriptions]) {
    input(name, about);
  }
}

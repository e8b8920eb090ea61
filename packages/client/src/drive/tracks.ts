import type { Address } from "@tidings/contract";
import type { Position, StreamPosition } from "../state/position.ts";
import type { ChannelPosition } from "../state/subscription-state.ts";
import type { Subscription } from "./subscription.ts";

/** One path: who follows it, and where it stands on the connection. */
export interface Track extends ChannelPosition {
  readonly address: Address;
  readonly subscriptions: Set<Subscription>;
  /**
   * - `absent`: the connection does not follow the path.
   * - `asked`: it does, but the stream's position does not speak of the path yet. It will with the next id.
   * - `followed`: the stream's position speaks of the path.
   * - `unknown`: the server does not know the path. It is left out for a while.
   */
  standing: "absent" | "asked" | "followed" | "unknown";
  /** Up to here the stream has carried the path. Null while it is not followed, and behind a gap whose end is not known. */
  reached: Position | null;
}

/** The paths of one client. */
export interface Tracks {
  get(path: string): Track | undefined;
  /** The track of an address. It is made when there is none. */
  of(address: Address): Track;
  /** A copy: handlers subscribe and close. */
  all(): Track[];
  /** The tracks that the connection follows. */
  onConnection(): Track[];
  /** Whether the connection should follow other paths than it does. */
  hasChanged(): boolean;
  /** Decides what the next connection follows. */
  ask(): Track[];
  /** What nobody follows, and the connection does not follow either, needs no track. */
  forget(track: Track): void;
}

/** @param stream how far it has come, as it moves */
export function createTracks(stream: StreamPosition): Tracks {
  const byPath = new Map<string, Track>();

  function all(): Track[] {
    return [...byPath.values()];
  }

  function onConnection(): Track[] {
    return all().filter(isOnConnection);
  }

  return {
    get: (path) => byPath.get(path),
    of(address) {
      const { path } = address;
      const known = byPath.get(path);
      const track = known ?? { address, subscriptions: new Set(), standing: "absent", stream, reached: null };
      byPath.set(path, track);
      return track;
    },
    all,
    onConnection,
    hasChanged: () =>
      all().some((track) => (track.subscriptions.size > 0 ? track.standing === "absent" : isOnConnection(track))),
    ask() {
      for (const track of all()) {
        if (track.subscriptions.size === 0 && track.standing !== "unknown") {
          byPath.delete(track.address.path);
        } else if (track.standing === "absent") {
          track.standing = "asked";
        } else if (track.standing === "followed") {
          // The next connection tells a gap again.
          track.reached ??= stream.handled;
        }
      }
      return onConnection();
    },
    forget({ subscriptions, standing, address }) {
      if (subscriptions.size === 0 && standing === "absent") {
        byPath.delete(address.path);
      }
    },
  };
}

function isOnConnection({ standing }: Track): boolean {
  return standing === "asked" || standing === "followed";
}

import type { EventRequest } from "@tidings/protocol";
import type { Position } from "../state/position.ts";
import { askedFor, moveTrack, type Track, type Tracks } from "./tracks.ts";

/** A request for what is followed now. Its answer may become the stream. */
export interface Draft {
  readonly request: EventRequest;
  /** Where the answer begins. Null: now. */
  readonly after: Position | null;
  /** The paths that the stream does not follow yet. */
  readonly newPaths: readonly string[];
  /** The answer is the stream from now on. */
  begin(): void;
}

/**
 * Asks for all paths that somebody follows. Null when there is none.
 * @param handled how far the stream has come
 * @param onBegin called with the paths that the stream has not followed before, and with where it begins
 */
export function draftOf(
  tracks: Tracks,
  handled: Position | null,
  onBegin: (newcomers: readonly Track[], after: Position | null) => void,
): Draft | null {
  for (const [path, track] of tracks) {
    if (track.subscriptions.size === 0 && track.state.kind !== "leftOut") {
      tracks.delete(path);
    } else {
      moveTrack(track, "ask", null);
    }
  }
  const asked = askedFor(tracks);
  const newcomers = asked.filter(({ state }) => state.kind !== "followed");
  // Without a path that is followed already, everything begins now.
  const after = newcomers.length === asked.length ? null : handled;
  if (asked.length === 0) {
    onBegin([], null);
    return null;
  }
  return {
    request: { channels: new Map(asked.map(({ address }) => [address.path, null])), after: after?.token ?? null },
    after,
    newPaths: newcomers.map(({ address }) => address.path),
    begin() {
      for (const track of asked) {
        moveTrack(track, "begin", after);
      }
      onBegin(newcomers, after);
    },
  };
}

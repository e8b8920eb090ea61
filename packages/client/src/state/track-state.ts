import type { Position } from "./position.ts";

/** One path on the connection. */
export type TrackState =
  /** The connection does not follow the path. */
  | { readonly standing: "absent" }
  /** The next stream is asked for it. Until that one has said hello, the stream before it goes on without the path. */
  | { readonly standing: "asked" }
  /** The stream follows it, but its position does not cover the path yet. It will with the next id. */
  | { readonly standing: "requested" }
  /** The stream has carried the path up to here. Null behind a gap whose end is not known. */
  | { readonly standing: "followed"; readonly reached: Position | null }
  /** The server does not know the path. It is left out for a while. */
  | { readonly standing: "unknown" };

export function isOnConnection({ standing }: TrackState): boolean {
  return standing === "requested" || standing === "followed";
}

/** Whether the next stream is asked for the path. */
export function isAskedFor(state: TrackState): boolean {
  return state.standing === "asked" || isOnConnection(state);
}

/** How far the stream has carried the path. Null while that is not known. */
export function reachedOf(state: TrackState): Position | null {
  return state.standing === "followed" ? state.reached : null;
}

/** The next connection asks for the path. @param handled how far the stream has come */
export function ask(state: TrackState, handled: Position | null): TrackState {
  if (state.standing === "absent") {
    return { standing: "asked" };
  }
  // The next connection tells a gap again.
  return state.standing === "followed" ? { ...state, reached: state.reached ?? handled } : state;
}

/**
 * One path on the connection, as a pure state machine.
 *
 * ```
 * absent     the next stream is asked for it      → asked
 * asked      that stream begins                   → requested
 * requested  its position is known                → followed
 * followed   the stream carries the path, or meets a gap of it → followed, with another position
 * any        the server refuses it                → leftOut
 * leftOut    after a while                        → absent
 * any other  another stream is to follow it       → absent
 * ```
 */
import type { Ending } from "./ending.ts";
import type { Position } from "./position.ts";
import { defineTable, stay, to, type Transition } from "./table.ts";

/** The connection does not follow the path. */
interface Absent {
  readonly kind: "absent";
}

/** The next stream is asked for it. Until that one has said hello, the stream before it goes on without the path. */
interface Asked {
  readonly kind: "asked";
}

/** The stream follows it, but its position does not cover the path yet. It will with the next id. */
interface Requested {
  readonly kind: "requested";
}

/** The stream has carried the path up to here. Null behind a gap whose end is not known. */
interface Followed {
  readonly kind: "followed";
  readonly reached: Position | null;
}

/** The server refuses the path, or does not know it. Nobody asks for it for a while. */
export interface LeftOut {
  readonly kind: "leftOut";
  /** Why, for those who come meanwhile. */
  readonly ending: Ending;
  /** Until when, in milliseconds since 1970. */
  readonly until: number;
}

export type TrackState = Absent | Asked | Requested | Followed | LeftOut;

/** What can happen, and what is known about it. */
export interface TrackInputs {
  /** The next stream is asked for the path. */
  readonly ask: null;
  /** The next stream will not come. */
  readonly drop: null;
  /** The stream begins that was asked for the path. Where it begins; null: now. */
  readonly begin: Position | null;
  /** Where the stream stands with the path. Null behind a gap whose end is not known. */
  readonly reach: Position | null;
  /** The stream brings something of the path. */
  readonly carry: Position;
  readonly refuse: Pick<LeftOut, "ending" | "until">;
  /** The while is over. */
  readonly forgive: null;
  /** The path goes to another stream. */
  readonly move: null;
}

/** A path has no effects: what follows is up to the stream. */
interface NoEffects {
  readonly none: never;
}

type Next = Transition<TrackState, NoEffects>;

export const ABSENT: TrackState = { kind: "absent" };

/** For every input, the states that ignore it. A new state has to be decided about in each row. */
interface Ignored {
  readonly ask: "asked" | "requested" | "followed" | "leftOut";
  readonly drop: "absent" | "requested" | "followed" | "leftOut";
  readonly begin: "absent" | "requested" | "leftOut";
  readonly reach: "absent" | "asked" | "leftOut";
  readonly carry: "absent" | "asked" | "requested" | "leftOut";
  readonly refuse: never;
  readonly forgive: "absent" | "asked" | "requested" | "followed";
  readonly move: "absent" | "leftOut";
}

/** What each state does about each input. */
export const trackTransition = defineTable<TrackState, TrackInputs, NoEffects, Ignored>({
  ask: { absent: () => to({ kind: "asked" }) },
  drop: { asked: leave },
  begin: { asked: () => to({ kind: "requested" }), followed: goOnAfter },
  reach: { requested: reach, followed: reach },
  carry: { followed: reach },
  refuse: (_, about) => to({ kind: "leftOut", ...about }),
  forgive: { leftOut: leave },
  move: { asked: leave, requested: leave, followed: leave },
});

function leave(): Next {
  return to(ABSENT);
}

/** The stream goes on from where the one before stood, and reports the gap again. */
function goOnAfter(state: Followed, after: Position | null): Next {
  return state.reached ? stay(state) : to({ kind: "followed", reached: after });
}

function reach(_: TrackState, reached: Position | null): Next {
  return to({ kind: "followed", reached });
}

export function isOnConnection({ kind }: TrackState): boolean {
  return kind === "requested" || kind === "followed";
}

/** Whether a gap of the path was told whose end is not known. */
export function isBehindGap(state: TrackState): boolean {
  return state.kind === "followed" && state.reached === null;
}

/** Whether the next stream is asked for the path. */
export function isAskedFor(state: TrackState): boolean {
  return state.kind === "asked" || isOnConnection(state);
}

/** How far the stream has carried the path. Null while that is not known. */
export function reachedOf(state: TrackState): Position | null {
  return state.kind === "followed" ? state.reached : null;
}

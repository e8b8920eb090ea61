import { describe, expect, test } from "vitest";
import { expectCell } from "../../test/expect-cell.ts";
import { toPosition, type Position } from "./position.ts";
import {
  isAskedFor,
  isOnConnection,
  reachedOf,
  trackTransition,
  type TrackInputs,
  type TrackState,
} from "./track-state.ts";

type Kind = TrackState["kind"];
type InputName = keyof TrackInputs;

const at = (token: string): Position => {
  const position = toPosition(token);
  if (position === null) throw new Error("Expected a position.");
  return position;
};
const reached = at("e.3");

/** One example of each state. */
const states: { readonly [Each in Kind]: Extract<TrackState, { kind: Each }> } = {
  absent: { kind: "absent" },
  asked: { kind: "asked" },
  requested: { kind: "requested" },
  followed: { kind: "followed", reached },
  leftOut: { kind: "leftOut", ending: { reason: "forbidden" }, until: 9 },
};

/** One example of each input. */
const inputs: TrackInputs = {
  ask: null,
  drop: null,
  begin: at("e.5"),
  reach: at("e.6"),
  carry: at("e.7"),
  refuse: { ending: { reason: "unknown" }, until: 7 },
  forgive: null,
  move: null,
};

const kinds = Object.keys(states) as Kind[];
const names = Object.keys(inputs) as InputName[];

/** The next state, for every cell in which something happens. In all other cells the state stays as it is. */
const TABLE: { readonly [Name in InputName]: { readonly [Each in Kind]?: string } } = {
  ask: { absent: "asked" },
  drop: { asked: "absent" },
  begin: { asked: "requested" },
  reach: { requested: "followed", followed: "followed" },
  carry: { followed: "followed" },
  refuse: Object.fromEntries(kinds.map((kind) => [kind, "leftOut"])),
  forgive: { leftOut: "absent" },
  move: { asked: "absent", requested: "absent", followed: "absent" },
};

describe("every state answers every input", () => {
  for (const name of names) {
    test.each(kinds)(`${name} in %s`, (kind) => {
      const state = states[kind];
      expectCell(TABLE[name][kind], state, trackTransition(state, name, inputs[name]));
    });
  }
});

test("what the server refuses is left out for a while", () => {
  const about = { ending: { reason: "forbidden" }, until: 7 } as const;
  for (const kind of kinds) {
    expect(trackTransition(states[kind], "refuse", about).state).toEqual({ kind: "leftOut", ...about });
  }
});

test("where a path stands moves with the stream", () => {
  expect(trackTransition(states.followed, "carry", at("e.7")).state).toEqual({ kind: "followed", reached: at("e.7") });
  expect(trackTransition(states.requested, "reach", at("e.6")).state).toEqual({ kind: "followed", reached: at("e.6") });
});

test("after a gap without an end, the next stream goes on from where the stream stands", () => {
  const { state } = trackTransition(states.followed, "reach", null);
  expect(reachedOf(state)).toBeNull();
  expect(trackTransition(state, "begin", at("e.5")).state).toEqual({ kind: "followed", reached: at("e.5") });
});

test("a stream is asked for a path before it follows it", () => {
  const all = kinds.map((kind) => states[kind]);
  expect(all.map(isAskedFor)).toEqual([false, true, true, true, false]);
  expect(all.map(isOnConnection)).toEqual([false, false, true, true, false]);
  expect(all.map(reachedOf)).toEqual([null, null, null, reached, null]);
});

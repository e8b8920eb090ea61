import { expect, test } from "vitest";
import { toPosition } from "./position.ts";
import { ask, isAskedFor, isOnConnection, reachedOf, type TrackState } from "./track-state.ts";

const reached = toPosition("e.3");
const handled = toPosition("e.5");

/** One example of each state. */
const states: readonly TrackState[] = [
  { standing: "absent" },
  { standing: "asked" },
  { standing: "requested" },
  { standing: "followed", reached },
  { standing: "unknown" },
];

test("a connection follows what was requested, and goes on with it", () => {
  expect(states.map(isOnConnection)).toEqual([false, false, true, true, false]);
  expect(states.map(isAskedFor)).toEqual([false, true, true, true, false]);
});

test("how far it was carried is known of a followed path only, and not behind a gap without an end", () => {
  expect(states.map(reachedOf)).toEqual([null, null, null, reached, null]);
  expect(reachedOf({ standing: "followed", reached: null })).toBeNull();
});

test("the next connection asks for what is absent, and leaves the rest as it is", () => {
  const [, ...others] = states;
  expect(states.map((state) => ask(state, handled))).toEqual([{ standing: "asked" }, ...others]);
});

test("behind a gap without an end, the next connection goes on from where the stream stands", () => {
  expect(ask({ standing: "followed", reached: null }, handled)).toEqual({ standing: "followed", reached: handled });
});

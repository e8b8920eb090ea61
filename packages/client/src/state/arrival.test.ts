import { expect, test } from "vitest";
import { arrivalAt } from "./arrival.ts";
import { toPosition, type Position, type StreamPosition } from "./position.ts";
import { initialState, type SubscriptionState } from "./subscription-state.ts";

const at = (token: string): Position => {
  const position = toPosition(token);
  if (position === null) throw new Error("Expected a position.");
  return position;
};
const open = initialState(at("e.3"), { channel: "c", wantsState: false, beginsByPage: false, canEnd: false });
/** A state of this kind, with the cursor e.3 unless another one is given. */
const inState = (kind: string, cursor: string | null = "e.3"): SubscriptionState =>
  ({ ...open, kind, cursor: cursor === null ? null : at(cursor) }) as SubscriptionState;
const stream = (carried: string | null): StreamPosition => ({
  handled: null,
  carried: carried === null ? null : at(carried),
});

const KINDS = ["paused", "loading", "delivering", "failed", "retrying", "waiting", "joined"] as const;

test.each(KINDS)("%s: what the cursor covers has arrived, and what it does not yet cover has not", (kind) => {
  for (const target of ["e.1", "e.3"]) expect(arrivalAt(inState(kind), stream(null), at(target))).toBe("there");
  expect(arrivalAt(inState(kind), stream(null), at("e.4"))).toBe("onWay");
});

test.each(KINDS)("%s: the stream's position counts where the subscription has joined it", (kind) => {
  expect(arrivalAt(inState(kind), stream("e.9"), at("e.4"))).toBe(kind === "joined" ? "there" : "onWay");
});

test.each(KINDS)("%s: of another epoch, where the subscription has settled, nothing is known", (kind) => {
  const isSettled = kind === "joined" || kind === "waiting";
  expect(arrivalAt(inState(kind), stream("e.9"), at("f.4"))).toBe(isSettled ? "elsewhere" : "onWay");
  expect(arrivalAt(inState(kind, null), stream(null), at("f.4"))).toBe("onWay");
});

test("between two epochs, the one of the stream counts: nothing more comes of another one", () => {
  expect(arrivalAt(inState("joined", "e.3"), stream("f.4"), at("e.10"))).toBe("elsewhere");
  // Pages have brought it to f, and the stream still is in e. A page tells.
  const joined = inState("joined", "f.4");
  expect(arrivalAt(joined, stream("e.9"), at("f.5"))).toBe("elsewhere");
  expect(arrivalAt(joined, stream("e.9"), at("e.10"))).toBe("onWay");
  expect(arrivalAt(joined, stream("f.4"), at("e.10"))).toBe("elsewhere");
});

test("a closed subscription never gets there", () => {
  const closed: SubscriptionState = { kind: "closed", shown: { state: "closed", reason: "closed" } };
  expect(arrivalAt(closed, stream("e.9"), at("e.1"))).toBe("closed");
});

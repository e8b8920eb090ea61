import { expect, test } from "vitest";
import { toPosition, type Position } from "./position.ts";
import { beginAfter, carry, isLeft, leave, leaves, moveTo } from "./stream-progress.ts";

const at = (token: string): Position => {
  const position = toPosition(token);
  if (position === null) throw new Error("Expected a position.");
  return position;
};

test("an event is carried first, and handled after that", () => {
  const carried = carry(beginAfter(at("e.1")), at("e.2"));
  expect([carried.handled?.seq, carried.carried?.seq]).toEqual([1, 2]);
  expect(moveTo(carried, at("e.2"))).toEqual(beginAfter(at("e.2")));
});

test("a stream leaves an epoch with the first position of another one, and never comes back", () => {
  const progress = beginAfter(at("e.5"));
  expect([leaves(progress, at("e.6")), leaves(beginAfter(null), at("f.1"))]).toEqual([null, null]);
  const last = leaves(progress, at("f.2"));
  expect(last).toEqual(at("e.5"));
  const left = moveTo(leave(progress, at("e.5")), at("f.2"));
  expect([isLeft(left, at("e.5")), isLeft(left, at("e.6")), isLeft(left, at("f.1"))]).toEqual([true, false, false]);
});

import { expect, test } from "vitest";
import { Wants } from "./wants.ts";

function wantsOf(afters: readonly (string | null)[]): Wants {
  const wants = new Wants();
  afters.forEach((after, index) => wants.add(`tab ${index}`, { stream: `stream ${index}`, paths: ["a"], after }, 0));
  return wants;
}

test.each([
  ["the earliest one", ["e.900", "e.30", null, "e.500"], "e.30"],
  ["not one that has been away for long", ["e.90000", "e.30", "e.89999"], "e.89999"],
  ["one of the same epoch as the first", ["e.9", "f.3", "e.8"], "e.8"],
  ["now, where nobody has a position", [null, null], null],
] as const)("a feed begins at %s", (_, afters, expected) => {
  expect(wantsOf(afters).earliest()).toBe(expected);
});

test("a tab that says nothing for 150 seconds is forgotten, and so is a stream that it does not name", () => {
  const wants = wantsOf([null, null, null]);
  wants.onPing("tab 0", ["stream 0"], 140_000);
  wants.onPing("tab 1", [], 140_000);
  expect(wants.streams).toEqual(["stream 0", "stream 2"]);
  wants.onPing("tab 0", ["stream 0"], 151_000);
  expect(wants.streams).toEqual(["stream 0"]);
});

import { expect, test } from "vitest";
import { reducerOf } from "./reduction.ts";

test("an event without a reducer changes nothing, also with the name of something that every object has", () => {
  const reduction = { initial: 0, reduce: { story: (state: number) => state + 1 } };
  expect(reducerOf(reduction, "story")?.(1, null, null)).toBe(2);
  expect(reducerOf(reduction, "toString")).toBe(undefined);
});

import { expect, test } from "vitest";
import { newestWithin } from "./newest-within.ts";

test("the newest items that fit into the bytes are kept, in their order", () => {
  // As JSON, "é" has four bytes, and a NUL has eight.
  const items = ["a", "é", "\u0000", "b"];
  expect(newestWithin(items, 18)).toEqual(items);
  expect(newestWithin(items, 17)).toEqual(["é", "\u0000", "b"]);
  expect(newestWithin(items, 14)).toEqual(["\u0000", "b"]);
  expect(newestWithin(items, 10)).toEqual(["b"]);
  expect(newestWithin(items, 2)).toEqual([]);
  expect(newestWithin([], 2)).toEqual([]);
});

test("nothing older comes after an item that does not fit, so that no hole is in the middle", () => {
  expect(newestWithin(["a", "long", "b"], 6)).toEqual(["b"]);
});

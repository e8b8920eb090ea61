import { expect, test } from "vitest";
import { surelyExceeds } from "./surely-exceeds.ts";

test("what has more bytes of JSON than allowed exceeds them, and what has as many or fewer does not", () => {
  const small = { text: "abc", list: [1, 2, { deep: null }], when: undefined };
  expect(surelyExceeds(small, JSON.stringify(small).length)).toBe(false);
  expect(surelyExceeds(small, 10)).toBe(true);
  expect(surelyExceeds("abcdef", 7)).toBe(true);
  expect(surelyExceeds("abcdef", 8)).toBe(false);
  expect(surelyExceeds(Array.from({ length: 11 }), 10)).toBe(true);
});

test("looks at no more of the value than the bytes that are allowed", () => {
  let looked = 0;
  const items = Array.from({ length: 50 }, (_, index) =>
    Object.defineProperty({}, "text", { enumerable: true, get: () => (looked++, "x".repeat(100) + index) }),
  );
  expect(surelyExceeds(items, 1_000)).toBe(true);
  expect(looked).toBeLessThan(11);
});

test("a value that contains itself exceeds every number of bytes", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(surelyExceeds(circle, 1_000)).toBe(true);
});

test("a list that contains itself many times exceeds them, and does not fill the memory", () => {
  const circle: unknown[] = [];
  for (let index = 0; index < 500_000; index++) circle.push(circle);
  expect(surelyExceeds(circle, 4_000_000)).toBe(true);
});

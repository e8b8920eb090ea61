import * as fc from "fast-check";
import { expect, test } from "vitest";
import { covers, formatCursor, parseCursor } from "./cursor.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".split("");
const cursors = fc.record({
  epoch: fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 40 }),
  seq: fc.maxSafeNat(),
});

test("parsing a cursor's token gives the cursor; a token is ASCII of at most 64 bytes", () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      const token = formatCursor(cursor);
      expect(token).toMatch(/^[!-~]{3,64}$/);
      expect(parseCursor(token)).toEqual(cursor);
    }),
  );
});

test("the smallest and the largest position are cursors", () => {
  expect(parseCursor("e.0")).toEqual({ epoch: "e", seq: 0 });
  expect(parseCursor(`${"e".repeat(40)}.9007199254740991`)).toEqual({
    epoch: "e".repeat(40),
    seq: Number.MAX_SAFE_INTEGER,
  });
});

test.each([
  ["nothing", ""],
  ["no epoch", ".1"],
  ["no seq", "e."],
  ["no dot", "e1"],
  ["two dots", "e.1.2"],
  ["a leading zero", "e.01"],
  ["two zeros", "e.00"],
  ["a sign", "e.-1"],
  ["a plus", "e.+1"],
  ["an exponent", "e.1e3"],
  ["hexadecimal digits", "e.0x1"],
  ["2^53", "e.9007199254740992"],
  ["17 digits", "e.10000000000000000"],
  ["an epoch of 41 characters", `${"e".repeat(41)}.1`],
  ["65 bytes", `${"e".repeat(63)}.1`],
  ["100 kB", `${"e".repeat(100_000)}.1`],
  ["Arabic digits", "e.١٢"],
  ["full-width digits", "e.１"],
  ["a letter that is not ASCII", "é.1"],
  ["a space before", " e.1"],
  ["a space after", "e.1 "],
  ["a line feed after", "e.1\n"],
  ["a NUL", "e.1\0"],
  ["a prototype's name without a seq", "__proto__"],
])("%s is not a cursor", (_, token) => {
  expect(parseCursor(token)).toBeNull();
});

test("two different tokens never stand for one cursor", () => {
  const nearly = fc.string({ unit: fc.constantFrom("e", "0", "1", "9", ".", "-", "+", " ", "\n", "é"), maxLength: 20 });
  fc.assert(
    fc.property(nearly, (token) => {
      const cursor = parseCursor(token);
      expect(cursor === null ? token : formatCursor(cursor)).toBe(token);
    }),
    { numRuns: 2_000 },
  );
});

test("a position covers itself and the positions before it, in its own epoch only", () => {
  const seen = { epoch: "a", seq: 5 };
  expect(covers(seen, { epoch: "a", seq: 4 })).toBe(true);
  expect(covers(seen, { epoch: "a", seq: 5 })).toBe(true);
  expect(covers(seen, { epoch: "a", seq: 6 })).toBe(false);
  expect(covers(seen, { epoch: "b", seq: 4 })).toBe(false);
});

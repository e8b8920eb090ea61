import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginOverlap, NO_OVERLAP, takeWithoutId, VOLATILE_AGE, type Overlap } from "./overlap.ts";
import { toPosition, type Position } from "./position.ts";

const at = (token: string): Position => {
  const position = toPosition(token);
  if (position === null) throw new Error("Expected a position.");
  return position;
};

/** A stream brings texts after an id. Which of them the stream before has brought, too. */
function bring(overlap: Overlap, texts: readonly string[]) {
  let current = overlap;
  const repeated: string[] = [];
  const added: string[] = [];
  for (const text of texts) {
    current = takeWithoutId(current, text, at("e.5"), 0);
    (current.isRepetition ? repeated : added).push(text);
  }
  return { overlap: current, repeated, added };
}

describe("an event without an id", () => {
  test("is new on the first stream, however often it comes", () => {
    expect(bring(NO_OVERLAP, ["a", "a", "b"]).repeated).toEqual([]);
  });

  test("is a repetition if the next stream begins where it came, until that brings something new", () => {
    const { overlap } = bring(NO_OVERLAP, ["a", "b", "c"]);
    const next = beginOverlap(overlap, at("e.5"), 0);
    expect(bring(next, ["b", "c", "d", "a"]).repeated).toEqual(["b", "c"]);
  });

  test("is new when it is too old to be owed a second time", () => {
    const { overlap } = bring(NO_OVERLAP, ["a"]);
    expect(bring(beginOverlap(overlap, at("e.5"), VOLATILE_AGE + 1), ["a"]).repeated).toEqual([]);
  });

  test("is a repetition as long as the next stream is behind the one before", () => {
    const next = beginOverlap(NO_OVERLAP, at("e.9"), 0);
    expect(takeWithoutId(next, "a", at("e.5"), 0).isRepetition).toBe(true);
    expect(takeWithoutId(next, "a", at("e.9"), 0).isRepetition).toBe(false);
  });
});

describe("what the stream before has brought, and nothing else, is a repetition", () => {
  const texts = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 20 });

  test("where the next stream begins with the same id, also if texts are equal", () => {
    const property = fc.property(texts, texts, (before, later) => {
      const next = beginOverlap(bring(NO_OVERLAP, before).overlap, at("e.5"), 0);
      expect(bring(next, [...before, ...later]).added).toEqual(later);
    });
    fc.assert(property);
  });

  test("where it begins after some of them", () => {
    const numbered = (prefix: string) => texts.map((each) => each.map((_, index) => `${prefix}${index}`));
    const property = fc.property(numbered("before "), numbered("later "), fc.nat(20), (before, later, from) => {
      const next = beginOverlap(bring(NO_OVERLAP, before).overlap, at("e.5"), 0);
      expect(bring(next, [...before.slice(from), ...later]).added).toEqual(later);
    });
    fc.assert(property);
  });
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { KeepRules } from "./event-log.ts";
import { checkRules, findKeep, formatRules, parseRules, patternSource } from "./keep-rules.ts";

/** As a contract writes it. */
const segment = fc
  .string({ minLength: 1 })
  .map((text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
  );
const path = fc.array(segment, { minLength: 1, maxLength: 4 });
const bound = fc.oneof(fc.nat(), fc.constant(Infinity));
const keep = fc.record({ entries: bound, age: bound });

test("a pattern fits exactly the paths that differ from it in the segments of its stars", () => {
  const near = path.chain((segments) =>
    fc.tuple(
      fc.constant(segments),
      fc.tuple(...segments.map((each) => fc.oneof(fc.constant("*"), fc.constant(each), segment))),
    ),
  );
  fc.assert(
    fc.property(near, fc.nat({ max: 1 }), ([segments, pattern], extra) => {
      const channel = [...segments, ...(extra === 1 ? ["x"] : [])];
      const fits = extra === 0 && pattern.every((each, index) => each === "*" || each === segments[index]);
      expect(new RegExp(patternSource(pattern.join("/"))).test(channel.join("/"))).toBe(fits);
    }),
  );
});

test("the first rule that fits is found, and it is the same object each time", () => {
  const rules: KeepRules = {
    channels: [
      { pattern: "rooms/lobby", entries: 1, age: 1 },
      { pattern: "rooms/*", entries: 2, age: 2 },
    ],
    default: { entries: 3, age: 3 },
  };
  const keepOf = findKeep(rules);
  expect(keepOf("rooms/lobby")).toBe(rules.channels[0]);
  expect(keepOf("rooms/other")).toBe(rules.channels[1]);
  expect(keepOf("rooms/one/two")).toBe(rules.default);
});

test("rules come back from their text as they were, without bounds, too, and equal rules have equal texts", () => {
  const rules = fc.record({
    channels: fc.array(fc.record({ pattern: fc.constantFrom("a", "a/*", "*"), entries: bound, age: bound })),
    default: keep,
  });
  fc.assert(
    fc.property(rules, (given) => {
      const text = formatRules(checkRules(given));
      expect(parseRules(text)).toEqual(given);
      const reordered = given.channels.map(({ pattern, entries, age }) => ({ age, entries, pattern }));
      expect(formatRules({ default: given.default, channels: reordered })).toBe(text);
    }),
  );
});

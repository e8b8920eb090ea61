import { expect, test } from "vitest";
import { isEqual } from "./is-equal.ts";

const person = (state: unknown) => [{ viewer: "ada", since: 1, state }];

test.for([
  ["lists of plain objects", person({ isTyping: true }), person({ isTyping: true })],
  ["objects without a prototype", Object.assign(Object.create(null), { a: 1 }), { __proto__: null, a: 1 }],
  ["dates of the same moment", person({ at: new Date(5) }), person({ at: new Date(5) })],
  ["what is nothing", person(null), person(null)],
  ["numbers that are none", Number.NaN, Number.NaN],
  ["lists in lists", [[1], []], [[1], []]],
] as const)("%s are equal", ([, one, other]) => {
  expect(isEqual(one, other)).toBe(true);
});

class Point {
  x = 1;
}

test.for([
  ["another state", person({ isTyping: true }), person({ isTyping: false })],
  ["a state that is gone", person({ isTyping: true }), person(null)],
  ["another field", { a: undefined }, { b: undefined }],
  ["a field more", { a: 1 }, { a: 1, b: 2 }],
  ["a person more", person(1), [...person(1), ...person(1)]],
  ["another date", new Date(5), new Date(6)],
  ["a date and a plain object", new Date(5), {}],
  ["a list and an object", [], {}],
  ["maps, whatever is in them", new Map(), new Map()],
  ["instances of a class", new Point(), new Point()],
  ["a text and a number", "1", 1],
  ["null and an object", null, {}],
] as const)("%s may be different", ([, one, other]) => {
  expect(isEqual(one, other)).toBe(false);
  expect(isEqual(other, one)).toBe(false);
});

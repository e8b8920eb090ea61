import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { isoDate } from "./codecs.ts";
import { createEncoder } from "./encoder.ts";
import { ContractError, decode, type Schema } from "./index.ts";

function failure(action: () => unknown): ContractError {
  try {
    action();
  } catch (error) {
    if (error instanceof ContractError) return error;
    throw error;
  }
  throw new Error("Expected a ContractError.");
}

function failWithoutText(): never {
  // oxlint-disable-next-line no-throw-literal -- applications throw anything
  throw Object.create(null);
}

const publish = (schema: Schema, data: unknown) => failure(() => createEncoder(schema, "room.message")(data)).message;

test.each<[string, Schema, unknown, string]>([
  ["a wrong type", mini.object({ text: mini.string() }), { text: 5 }, "text: expected string, got 5"],
  ["a missing key", mini.object({ text: mini.string() }), {}, "text: expected string, got undefined"],
  ["a wrong whole", mini.object({}), "hi", 'expected object, got "hi"'],
  ["NaN", mini.number(), NaN, "expected number, got NaN"],
  ["a fraction", mini.int(), 1.5, "expected int, got 1.5"],
  [
    "a place deep inside",
    mini.object({ a: mini.array(mini.object({ "b c": mini.string() })) }),
    { a: [{ "b c": "x" }, { "b c": null }] },
    'a[1]["b c"]: expected string, got null',
  ],
  ["a short text", mini.string().check(mini.minLength(3)), "a", 'expected string size >= 3, got "a"'],
  ["a large number", mini.number().check(mini.lt(3)), 5, "expected number < 3, got 5"],
  ["a wrong length", mini.array(mini.string()).check(mini.length(2)), [], "expected array size = 2, got array of 0"],
  ["a format", mini.email(), "ada", 'expected the format email, got "ada"'],
  ["a pattern", mini.string().check(mini.regex(/^a+$/)), "b", 'expected a match of /^a+$/, got "b"'],
  ["a divisor", mini.number().check(mini.multipleOf(5)), 7, "expected a multiple of 5, got 7"],
  ["an enum", mini.enum(["a", "b"]), "c", 'expected "a" | "b", got "c"'],
  ["a key too many", mini.strictObject({}), { x: 1 }, 'expected no keys "x", got Object'],
  [
    "a union",
    mini.union([mini.string(), mini.object({ at: mini.number() })]),
    { at: "x" },
    'expected one of the union (expected string, got Object | at: expected number, got "x"), got Object',
  ],
  [
    "a discriminator",
    mini.discriminatedUnion("kind", [
      mini.object({ kind: mini.literal("a") }),
      mini.object({ kind: mini.literal("b") }),
    ]),
    { kind: "c" },
    'kind: expected "a" | "b", got Object',
  ],
  [
    "two options at once",
    mini.xor([mini.string(), mini.any()]),
    "x",
    'expected exactly one option of the union to match, got "x"',
  ],
  [
    "a record's key",
    mini.record(mini.string().check(mini.maxLength(1)), mini.string()),
    { ab: "x" },
    'ab: expected a valid key (expected string size <= 1, got "ab"), got "ab"',
  ],
  [
    "a check",
    mini.string().check(mini.refine(() => false)),
    "x",
    'expected what a check of the schema accepts, got "x"',
  ],
  ["a long text", mini.number(), "x".repeat(100), `expected number, got "${"x".repeat(40)}"… (100 characters)`],
])("%s is described without a locale", (_, schema, data, message) => {
  expect(publish(schema, data)).toBe(`room.message: ${message}.`);
});

test("zod and zod/mini give the same messages, with and without a locale", () => {
  const data = { text: 1, size: 9 };
  const classic = z.object({ text: z.string(), size: z.number().max(5) });
  const small = mini.object({ text: mini.string(), size: mini.number().check(mini.maximum(5)) });
  expect(publish(classic, data)).toBe("room.message: text: expected string, got 1; size: expected number <= 5, got 9.");
  expect(publish(small, data)).toBe(publish(classic, data));
});

test("the message of a schema's author wins", () => {
  expect(publish(z.object({ text: z.string("say something") }), {})).toBe("room.message: text: say something.");
  expect(
    publish(
      z.string().refine(() => false, "no rude words"),
      "x",
    ),
  ).toBe("room.message: no rude words.");
});

test("the message names three faults and counts the others", () => {
  expect(publish(mini.array(mini.string()), [1, 2, 3, 4, 5])).toBe(
    "room.message: [0]: expected string, got 1; [1]: expected string, got 2; [2]: expected string, got 3; 2 more.",
  );
});

test.each([
  ["a refinement", mini.string().check(mini.refine(failWithoutText)), "x"],
  ["a toJSON", mini.any(), { toJSON: failWithoutText }],
])("what %s throws may have no text", (_, schema, data) => {
  const { code, message } = failure(() => createEncoder(schema, "room.message")(data));
  expect([code, message]).toEqual(["invalid-data", expect.stringMatching(/^room\.message: .*: no text\.$/)]);
});

describe("decoding", () => {
  test("takes parsed JSON and gives decoded data", () => {
    expect(decode(mini.object({ at: isoDate }), { at: "1970-01-01T00:00:00.000Z" }, "room.message")).toEqual({
      at: new Date(0),
    });
  });

  test("the error says where and what in zod's words, and its cause holds all faults", () => {
    const schema = mini.object({ at: isoDate, tags: mini.array(mini.string()) });
    const error = failure(() => decode(schema, { at: "today", tags: [1] }, "room.message"));
    expect(error.code).toBe("invalid-data");
    expect(error.message).toMatch(/^room\.message\.at: Invalid .* \(invalid_format\)\.$/);
    expect(error.cause).toMatchObject({ issues: [{ code: "invalid_format", path: ["at"] }, { path: ["tags", 0] }] });
    expect(failure(() => decode(z.string(), 5, "room.message")).message).toBe(
      "room.message: Invalid input: expected string, received number (invalid_type).",
    );
  });

  test("an error of a codec is thrown unchanged, and so is zod's error about an asynchronous schema", () => {
    const broken = z.codec(z.string(), z.number(), {
      decode: () => {
        throw new RangeError("out of order");
      },
      encode: String,
    });
    expect(() => decode(broken, "x", "room.message")).toThrow(new RangeError("out of order"));
    const asynchronous = z.string().refine(async () => true);
    expect(() => decode(asynchronous, "x", "room.message")).toThrow("Promise");
  });
});

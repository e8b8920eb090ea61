import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { isoDate, mapOf } from "./codecs.ts";
import { createEncoder } from "./encoder.ts";
import { ContractError, decode, type Schema } from "./index.ts";

const label = "room.message";
const encode = (schema: Schema, data: unknown) => createEncoder(schema, label)(data);

function failure(action: () => unknown): ContractError {
  try {
    action();
  } catch (error) {
    if (error instanceof ContractError) return error;
    throw error;
  }
  throw new Error("Expected a ContractError.");
}

test("any JSON value survives a schema that accepts any JSON", () => {
  // z.json() is made of zod's records, which leave `__proto__` out.
  const text = fc
    .jsonValue()
    .map((value) => JSON.stringify(value))
    .filter((json) => !json.includes('"__proto__"'));
  fc.assert(
    fc.property(text, (json) => {
      for (const schema of [z.json(), z.unknown(), mini.any()]) expect(encode(schema, JSON.parse(json))).toBe(json);
    }),
  );
});

test("keys that are not in the schema are not published", () => {
  expect(encode(z.object({ text: z.string() }), { text: "hi", secret: 1 })).toBe('{"text":"hi"}');
  expect(encode(mini.object({ at: isoDate }), { at: new Date(0), secret: 1 })).toBe(
    '{"at":"1970-01-01T00:00:00.000Z"}',
  );
});

test("a schema without a codec runs parse, a schema with a codec runs encode", () => {
  const directions: string[] = [];
  const spy = () =>
    z.custom<unknown>().check((payload) => {
      directions.push(typeof payload.value);
    });
  // Only parse fills in a default, so the default shows which of the two ran.
  const plain = z.object({ name: z.string().default("nobody"), spy: spy() });
  expect(encode(plain, { spy: 1 })).toBe('{"name":"nobody","spy":1}');
  const coded = z.object({ name: z.string().default("nobody"), at: z.optional(isoDate), spy: spy() });
  expect(failure(() => encode(coded, { spy: 1 })).message).toBe("room.message: name: expected string, got undefined.");
  expect(directions).toContain("number");
});

test("the schema is walked when the encoder is made, never per event", () => {
  const shape = vi.fn<() => z.ZodString>(() => z.string());
  const run = createEncoder(z.lazy(shape), label);
  const walked = shape.mock.calls.length;
  for (let count = 0; count < 10; count++) run("x");
  // zod resolves a lazy schema once more.
  expect(shape.mock.calls.length).toBeLessThanOrEqual(walked + 1);
});

describe("schemas that survive JSON", () => {
  const Tree = z.object({
    name: z.string(),
    at: isoDate,
    get children(): z.ZodArray<typeof Tree> {
      return z.array(Tree);
    },
  });
  type Chain = { at: Date; next?: Chain | undefined };
  const Chain: mini.ZodMiniType<Chain> = mini.object({
    at: isoDate,
    next: mini.optional(mini.lazy(() => Chain)),
  }) as never;
  const at = new Date(0);

  test.each<[string, Schema, unknown]>([
    ["recursion by getters, with a codec", Tree, { name: "a", at, children: [{ name: "b", at, children: [] }] }],
    ["recursion by lazy, with a codec", Chain, { at, next: { at, next: { at } } }],
    [
      "a discriminated union",
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("a"), at: isoDate }),
        z.object({ kind: z.literal("b") }),
      ]),
      { kind: "a", at },
    ],
    ["an intersection", z.intersection(z.object({ a: z.string() }), z.object({ at: isoDate })), { a: "x", at }],
    ["a tuple with a rest", z.tuple([z.string()], isoDate), ["a", at, at]],
    ["a tuple with an item that may be missing", z.tuple([z.string(), z.exactOptional(z.number())]), ["a"]],
    ["a record with enum keys", z.record(z.enum(["a", "b"]), z.number()), { a: 1, b: 2 }],
    ["a record with number keys", z.record(z.number(), z.string()), { 1: "x" }],
    ["a partial record", z.partialRecord(z.enum(["a", "b"]), isoDate), { a: at }],
    ["a catchall", z.object({ a: z.string() }).catchall(isoDate), { a: "x", b: at }],
    [
      "defaults and prefaults",
      z.object({ a: z.string().default("x"), b: z.string().prefault("y"), at: isoDate }),
      { a: "1", b: "2", at },
    ],
    [
      "readonly, brand, catch and nullish",
      z.object({ a: z.string().readonly(), b: z.string().brand("B"), c: z.number().catch(1), d: z.string().nullish() }),
      { a: "1", b: "2", c: 3, d: null },
    ],
    ["a pipe that only narrows", z.string().pipe(z.email()), "ada@example.org"],
    ["a pipe behind a codec", z.pipe(isoDate, z.date().min(new Date(-1))), at],
    ["a codec behind a pipe", z.string().pipe(isoDate), at],
    [
      "a codec whose decoded side has dates",
      z.codec(z.number(), z.object({ at: z.date() }), {
        decode: (ms) => ({ at: new Date(ms) }),
        encode: ({ at: date }) => date.getTime(),
      }),
      { at },
    ],
    [
      "a codec whose decoded side has a bigint literal",
      z.codec(z.string(), z.literal(1n), { decode: () => 1n as const, encode: String }),
      1n,
    ],
    ["an optional that may not be missing", z.array(z.nonoptional(z.optional(z.string()))), ["a"]],
    [
      "more keys than a schema may have levels",
      z.object(Object.fromEntries(Array.from({ length: 200 }, (_, key) => [`k${key}`, z.optional(isoDate)]))),
      { k199: at },
    ],
    ["stringbool", z.stringbool(), true],
    [
      "literals, enums and template literals",
      z.tuple([z.literal(["a", 1, null]), z.enum(["x"]), z.templateLiteral(["v", z.number()])]),
      [1, "x", "v2"],
    ],
    ["undefined for a key that may be missing", z.object({ a: z.union([z.string(), z.undefined()]).optional() }), {}],
    ["text checks that change the text", z.string().trim().toLowerCase(), "hi"],
    ["null", z.null(), null],
  ])("%s", (_, schema, data) => {
    expect(decode(schema, JSON.parse(encode(schema, data)), label)).toEqual(data);
  });

  test("mini schemas are walked the same way", () => {
    const schema = mini.object({ list: mini.array(mini.nullable(mapOf(mini.string(), isoDate))) });
    const data = { list: [null, new Map([["a", at]])] };
    expect(decode(schema, JSON.parse(encode(schema, data)), label)).toEqual(data);
  });
});

describe("schemas that do not survive JSON are refused when the encoder is made", () => {
  const endless = (): Schema => z.object({ next: z.lazy(endless as () => z.ZodType) });
  const oneWay =
    "is a one-way transform (.transform, z.preprocess), so its data has no way back to JSON; " +
    "use z.codec with decode and encode.";

  test.each<[string, Schema, string]>([
    ["a date", z.object({ sentAt: z.date() }), '"sentAt" is z.date(), which JSON cannot carry; use isoDate.'],
    [
      "a date of zod/mini",
      mini.object({ sentAt: mini.date() }),
      '"sentAt" is z.date(), which JSON cannot carry; use isoDate.',
    ],
    ["a coerced date", z.coerce.date(), "the schema is z.date(), which JSON cannot carry; use isoDate."],
    [
      "a bigint",
      z.array(z.object({ price: z.bigint() })),
      '"[].price" is z.bigint(), which JSON cannot carry; use the bigint codec.',
    ],
    ["an int64", z.int64(), "use the bigint codec."],
    [
      "a map",
      z.object({ "by day": z.map(z.string(), z.string()) }),
      '"["by day"]" is z.map(), which JSON cannot carry; use mapOf(key, value) or z.record.',
    ],
    [
      "a set",
      z.record(z.string(), z.set(z.string())),
      '"[key]" is z.set(), which JSON cannot carry; use setOf(value).',
    ],
    ["a symbol", z.symbol(), "z.symbol()"],
    ["undefined as a whole", z.undefined(), "z.undefined()"],
    ["void", z.void(), "z.void()"],
    ["NaN", z.nan(), "z.nan()"],
    ["a function", z.object({ run: z.function() as never }), '"run" is z.function()'],
    ["a promise", z.promise(z.string()), "z.promise()"],
    ["a file", z.file(), "use the file's URL."],
    [
      "an instance of a class",
      z.object({ at: z.instanceof(Date) }),
      '"at" is an instance of Date, which JSON cannot carry; use a z.codec.',
    ],
    ["a bigint literal", z.object({ one: z.literal(1n) }), '"one" is 1n, which JSON cannot carry'],
    [
      "an optional as a whole",
      z.string().optional(),
      "the schema is possibly undefined, which JSON cannot carry; use z.nullable.",
    ],
    ["an optional in an array", z.object({ list: z.array(z.optional(z.string())) }), '"list[]" is possibly undefined'],
    ["an optional in a tuple", z.tuple([z.string(), z.optional(z.string())]), '"[1]" is possibly undefined'],
    [
      "undefined for a key that must be there",
      z.object({ a: z.union([z.string(), z.undefined()]) }),
      '"a" is z.undefined()',
    ],
    ["an undefined literal as a whole", z.literal(undefined), "the schema is possibly undefined"],
    ["a transform", z.object({ text: z.string().transform((text) => text.length) }), `"text" ${oneWay}`],
    ["a transform of zod/mini", mini.pipe(mini.string(), mini.transform(Number)), `the schema ${oneWay}`],
    ["a preprocess", z.object({ text: z.preprocess((text) => String(text), z.string()) }), `"text" ${oneWay}`],
    ["a success", z.success(z.string()) as Schema, "one-way"],
    ["a date behind a plain pipe", z.unknown().pipe(z.date()), "z.date()"],
    [
      "a date on the wire side of a codec",
      z.codec(z.date(), z.number(), { decode: Number, encode: (ms) => new Date(ms) }),
      "z.date()",
    ],
    [
      "a transform on the decoded side of a codec",
      z.codec(z.string(), z.string().transform(Number) as never, { decode: String as never, encode: String }),
      "one-way",
    ],
    ["a date in a map's value", mapOf(z.string(), z.date()), '"[][1]" is z.date()'],
    ["a date behind a codec's sibling", z.object({ a: isoDate, b: z.date() }), '"b" is z.date()'],
    ["a date in a union", z.union([z.string(), z.date()]), "z.date()"],
    ["a date in an intersection", z.intersection(z.object({}), z.object({ at: z.date() })), '"at" is z.date()'],
    ["a date in a catchall", z.object({}).catchall(z.date()), '"[key]" is z.date()'],
    ["a date behind lazy", z.object({ at: z.lazy(() => z.date()) }), '"at" is z.date()'],
    [
      "a date behind wrappers",
      z.object({ at: z.date().nullable().readonly().default(null).catch(null) }),
      '"at" is z.date()',
    ],
    [
      "a date in a schema that is allowed in one place and not in another",
      z
        .codec(z.number(), z.date(), { decode: (ms) => new Date(ms), encode: Number })
        .pipe(z.any())
        .or(z.date()),
      "z.date()",
    ],
    [
      "a schema without end",
      endless(),
      "the schema is deeper than 100 levels or has more than 10000 parts; let a recursive schema refer to itself.",
    ],
  ])("%s", (_, schema, message) => {
    const error = failure(() => createEncoder(schema, label));
    expect(error.code).toBe("bad-contract");
    expect(error.message).toMatch(/^room\.message: /);
    expect(error.message).toContain(message);
  });

  test("a schema that is used twice is refused where it does not fit, even after a use where it fits", () => {
    const maybe = z.optional(z.string());
    const error = failure(() => createEncoder(z.object({ fine: maybe, list: z.array(maybe) }), label));
    expect(error.message).toContain('"list[]" is possibly undefined');
  });
});

describe("data that a schema does not check", () => {
  test.each<[string, unknown, string]>([
    ["undefined", undefined, "room.message: expected data that JSON can hold, got undefined."],
    ["a function", () => 1, "room.message: expected data that JSON can hold, got function."],
    ["a bigint", { price: 1n }, "room.message: expected data that JSON can hold: TypeError"],
  ])("%s in z.unknown() is refused", (_, data, message) => {
    const error = failure(() => encode(z.unknown(), data));
    expect([error.code, error.message]).toEqual(["invalid-data", expect.stringContaining(message)]);
  });

  test("a cycle is refused", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(failure(() => encode(z.unknown(), cycle)).code).toBe("invalid-data");
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { bigint, isoDate, mapOf, setOf, url } from "./codecs.ts";
import { createEncoder } from "./encoder.ts";
import { decode, type Schema } from "./index.ts";

// This package is compiled without the types of any platform, but every platform has this class.
declare const URL: new (text: string) => URL & { readonly href: string };

/** Encodes, writes and parses JSON, and decodes: what happens to the data of one event. */
function trip(schema: Schema, data: unknown): unknown {
  return decode(schema, JSON.parse(createEncoder(schema, "room.message")(data)), "room.message");
}

const dates = fc.date({ noInvalidDate: true });
const bigints = fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n });

describe.each([
  // The functions that these tests use have the same names and meanings in both.
  ["zod", z as unknown as typeof mini],
  ["zod/mini", mini],
])(
  "codecs in schemas of %s",
  (_, { object, array, optional, nullable, record, string, union, tuple, codec, number, lazy }) => {
    test("every Date, from year -271821 to 275760, comes back", () => {
      fc.assert(
        fc.property(dates, (at) => {
          expect(trip(object({ at: isoDate }), { at })).toEqual({ at });
        }),
      );
    });

    test("every bigint comes back", () => {
      fc.assert(
        fc.property(bigints, (price) => {
          expect(trip(array(bigint), [price])).toEqual([price]);
        }),
      );
    });

    test("every URL comes back", () => {
      fc.assert(
        fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (text) => {
          const link = new URL(text);
          const back = trip(object({ link: url }), { link }) as { link: typeof link };
          expect(back.link).toBeInstanceOf(URL);
          expect(back.link.href).toBe(link.href);
        }),
      );
    });

    test("maps and sets come back, with codecs inside them and inside each other", () => {
      const schema = object({
        seen: mapOf(string(), isoDate),
        tags: setOf(bigint),
        both: mapOf(bigint, setOf(isoDate)),
      });
      const days = fc.uniqueArray(dates, { selector: Number, maxLength: 3 }).map((list) => new Set(list));
      const data = fc.record({
        seen: fc.array(fc.tuple(fc.string({ unit: "binary" }), dates)).map((entries) => new Map(entries)),
        tags: fc.array(bigints).map((items) => new Set(items)),
        both: fc.array(fc.tuple(bigints, days), { maxLength: 3 }).map((entries) => new Map(entries)),
      });
      fc.assert(
        fc.property(data, (value) => {
          expect(trip(schema, value)).toEqual(value);
        }),
      );
    });

    test("they work wherever a schema can stand", () => {
      const at = new Date(0);
      const schema = object({
        maybe: optional(isoDate),
        none: nullable(isoDate),
        byName: record(string(), bigint),
        either: union([bigint, isoDate]),
        pair: tuple([isoDate, bigint]),
        late: lazy(() => isoDate),
      });
      const data = { none: null, byName: { a: 1n }, either: at, pair: [at, 2n], late: at };
      expect(trip(schema, data)).toEqual(data);
      expect(trip(schema, { ...data, maybe: at, none: at, either: 3n })).toEqual({
        ...data,
        maybe: at,
        none: at,
        either: 3n,
      });
    });

    test("the user's own codec is encoded and decoded, also inside ours", () => {
      const hex = codec(string(), number(), {
        decode: (text) => Number.parseInt(text, 16),
        encode: (value) => value.toString(16),
      });
      const schema = object({ color: hex, palette: mapOf(string(), hex), used: setOf(hex) });
      const data = { color: 255, palette: new Map([["red", 0xff0000]]), used: new Set([1, 16]) };
      expect(createEncoder(schema, "room.message")(data)).toBe(
        '{"color":"ff","palette":[["red","ff0000"]],"used":["1","10"]}',
      );
      expect(trip(schema, data)).toEqual(data);
    });
  },
);

test("on the wire they are strings and arrays, which any language can read", () => {
  const schema = z.object({
    at: isoDate,
    price: bigint,
    link: url,
    seen: mapOf(z.string(), isoDate),
    tags: setOf(z.string()),
  });
  const at = new Date("2024-02-29T12:00:00Z");
  const data = {
    at,
    price: -5n,
    link: new URL("https://example.org/a b"),
    seen: new Map([["ada", at]]),
    tags: new Set(["x"]),
  };
  expect(JSON.parse(createEncoder(schema, "room.message")(data))).toEqual({
    at: "2024-02-29T12:00:00.000Z",
    price: "-5",
    link: "https://example.org/a%20b",
    seen: [["ada", "2024-02-29T12:00:00.000Z"]],
    tags: ["x"],
  });
});

test("a codec has a JSON Schema of what is on the wire", () => {
  expect(z.toJSONSchema(isoDate, { io: "input" })).toMatchObject({ type: "string", format: "date-time" });
  expect(z.toJSONSchema(setOf(bigint), { io: "input" })).toMatchObject({ type: "array", items: { type: "string" } });
});

test.each<[string, Schema, unknown, string, string]>([
  ["another spelling of a date", isoDate, "2024-02-29T12:00:00Z", "", "invalid_format"],
  ["a day that does not exist", isoDate, "2023-02-29T12:00:00.000Z", "", "invalid_format"],
  ["a date that is no text", isoDate, 0, "", "invalid_type"],
  ["hexadecimal digits", bigint, "0x10", "", "invalid_format"],
  ["no digits", bigint, "", "", "invalid_format"],
  ["a leading zero", bigint, "007", "", "invalid_format"],
  ["negative zero", bigint, "-0", "", "invalid_format"],
  ["a relative URL", url, "/rooms", "", "invalid_format"],
  ["an object for a map", mapOf(z.string(), isoDate), { a: "x" }, "", "invalid_type"],
  ["an entry without a value", mapOf(z.string(), isoDate), [["a"]], ".0", "too_small"],
  ["a bad value in a map", mapOf(z.string(), isoDate), [["a", "x"]], ".0.1", "invalid_format"],
  ["a bad item in a set", setOf(bigint), ["1", "x"], ".1", "invalid_format"],
])("%s is refused when decoded", (_, schema, wire, path, code) => {
  expect(() => decode(schema, wire, "message")).toThrow(
    expect.objectContaining({ message: expect.stringMatching(`^message${path}: .* \\(${code}\\)\\.$`) as unknown }),
  );
});

test.each<[string, Schema, unknown, string]>([
  ["an invalid Date", isoDate, new Date(NaN), "expected a valid Date, got Invalid Date"],
  [
    "the text on the wire",
    isoDate,
    "2024-02-29T12:00:00.000Z",
    'expected a valid Date, got "2024-02-29T12:00:00.000Z"',
  ],
  ["a number for a bigint", bigint, 5, "expected bigint, got 5"],
  ["a text for a URL", url, "https://example.org", 'expected URL, got "https://example.org"'],
  ["an object for a map", mapOf(z.string(), bigint), { a: 1n }, "expected Map, got Object"],
  ["an array for a set", setOf(bigint), [1n], "expected Set, got array of 1"],
  ["a bad value in a map", mapOf(z.string(), bigint), new Map([["a", 1]]), "[0][1]: expected bigint, got 1"],
])("%s is refused when encoded", (_, schema, data, message) => {
  expect(() => createEncoder(schema, "room.message")(data)).toThrow(`room.message: ${message}`);
});

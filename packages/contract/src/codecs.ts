import {
  $ZodAny,
  $ZodArray,
  $ZodCodec,
  $ZodString,
  $ZodTuple,
  type $ZodCodecDef,
  type $ZodRawIssue,
  type $ZodType,
  type input,
  type output,
} from "zod/v4/core";
import type { Schema } from "./event.ts";

declare global {
  // Merges with the URL of lib.dom or @types/node; empty in a program that has neither.
  interface URL {}
}

// The class is the platform's; read when used, because some platforms add it late.
const platform = globalThis as unknown as { URL: new (text: string) => URL };

/** A schema whose data is `Decoded` in the program and `Wire` in JSON; it goes wherever a zod schema goes. */
export interface Codec<Decoded, Wire> extends $ZodCodec<$ZodType<Wire, Wire>, $ZodType<Decoded, Decoded>> {}

/** `Date` in the program; in JSON the text of `Date.prototype.toISOString`, and no other spelling. */
export const isoDate: Codec<Date, string> = /* @__PURE__ */ textCodec({
  format: "datetime",
  decoded: "a valid Date",
  accepts: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  encode: (date) => date.toISOString(),
  decode: (text) => {
    const date = new Date(text);
    return date.toISOString() === text ? date : null;
  },
});

/** `bigint` in the program; in JSON its decimal digits as a string, and no other spelling. */
export const bigint: Codec<bigint, string> = /* @__PURE__ */ textCodec({
  format: "bigint",
  decoded: "bigint",
  accepts: (value) => typeof value === "bigint",
  encode: (value) => value.toString(),
  decode: (text) => (/^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : null),
});

/** `URL` in the program; in JSON its `href`. */
export const url: Codec<URL, string> = /* @__PURE__ */ textCodec<URL>({
  format: "url",
  decoded: "URL",
  accepts: (value) => value instanceof platform.URL,
  encode: String,
  decode: (text) => new platform.URL(text),
});

/**
 * `Map` in the program; in JSON an array of `[key, value]`. Both may be codecs.
 * @example mapOf(z.string(), isoDate)
 */
export function mapOf<Key extends Schema, Value extends Schema>(
  key: Key,
  value: Value,
): Codec<Map<output<Key>, output<Value>>, [input<Key>, input<Value>][]> {
  const entry = new $ZodTuple({ type: "tuple", items: [key, value], rest: null });
  return collectionCodec<Map<output<Key>, output<Value>>, [input<Key>, input<Value>]>(entry, Map);
}

/**
 * `Set` in the program; in JSON an array. The value may be a codec.
 * @example setOf(z.string())
 */
export function setOf<Value extends Schema>(value: Value): Codec<Set<output<Value>>, input<Value>[]> {
  return collectionCodec<Set<output<Value>>, input<Value>>(value, Set);
}

/** The two sides of a codec. A browser pays for every kind of schema, so none is used that only checks a class. */
interface Sides<Decoded, Wire> {
  /** What `accepts` accepts, for messages; see explanation.ts. */
  readonly decoded: string;
  readonly accepts: (value: unknown) => boolean;
  readonly encode: (value: Decoded) => Wire;
}

interface TextSides<Decoded> extends Sides<Decoded, string> {
  /** zod's name of the wire's format, also that of the JSON Schema. */
  readonly format: string;
  /** May throw or return null for a text that is none of `encode`'s. */
  readonly decode: (text: string) => Decoded | null;
}

function textCodec<Decoded>({ format, decode, ...sides }: TextSides<Decoded>): Codec<Decoded, string> {
  // Uncoerced, it takes nothing but strings.
  const wire = new $ZodString({ type: "string" }) as $ZodType as $ZodType<string, string>;
  wire._zod.bag["format"] = format;
  return build<Decoded, string>(wire, sides, (text, issues) => {
    try {
      const value = decode(text);
      if (value !== null) return value;
    } catch {
      // The same as null.
    }
    return fail(issues, { code: "invalid_format", format, input: text });
  });
}

function collectionCodec<Collection extends Iterable<unknown>, Item>(
  item: $ZodType,
  Class: { new (items: Iterable<never>): unknown; readonly name: string },
): Codec<Collection, Item[]> {
  // `item` is the schema of `Item`; the callers say so, and the array's type cannot.
  const wire = new $ZodArray({ type: "array", element: item }) as $ZodType as $ZodType<Item[], Item[]>;
  const sides: Sides<Collection, Item[]> = {
    decoded: Class.name,
    accepts: (value) => value instanceof Class,
    // Its items are Items, by the type of the wire.
    encode: (collection) => [...collection] as Item[],
  };
  // `Class` is the class of `Collection`.
  return build(wire, sides, (items) => new Class(items as Iterable<never>) as Collection);
}

function build<Decoded, Wire>(
  wire: $ZodType<Wire, Wire>,
  { decoded, accepts, encode }: Sides<Decoded, Wire>,
  decode: (value: Wire, issues: $ZodRawIssue[]) => Decoded,
): Codec<Decoded, Wire> {
  const def: $ZodCodecDef<$ZodType<Wire, Wire>, $ZodType<Decoded, Decoded>> = {
    type: "pipe",
    in: wire,
    // What `accepts` accepts is a Decoded.
    out: new $ZodAny({ type: "any" }) as $ZodType as $ZodType<Decoded, Decoded>,
    transform: (value, { issues }) => decode(value, issues),
    reverseTransform: (value, { issues }) =>
      accepts(value) ? encode(value) : fail(issues, { code: "custom", input: value, params: { expected: decoded } }),
  };
  // The class's constructor is typed for any codec; `def` says which.
  return new $ZodCodec(def) as unknown as Codec<Decoded, Wire>;
}

/** With an issue, what is returned counts for nothing. */
function fail(issues: $ZodRawIssue[], issue: $ZodRawIssue): never {
  return issues.push(issue) as never;
}

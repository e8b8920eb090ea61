import {
  $ZodArray,
  $ZodCodec,
  $ZodCustom,
  $ZodStringFormat,
  $ZodTuple,
  NEVER,
  type $ZodCodecDef,
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

interface TextForm<Decoded> {
  /** zod's name of the wire's format, also that of the JSON Schema. */
  readonly format: string;
  /** What `accepts` accepts, for messages. */
  readonly decoded: string;
  readonly accepts: (value: unknown) => boolean;
  readonly encode: (value: Decoded) => string;
  /** May throw or return null for a text that is none of `encode`'s. */
  readonly decode: (text: string) => Decoded | null;
}

function textCodec<Decoded>({ format, decoded, accepts, encode, decode }: TextForm<Decoded>): Codec<Decoded, string> {
  return build<Decoded, string>({
    type: "pipe",
    in: new $ZodStringFormat({ type: "string", check: "string_format", format }),
    out: classSchema(decoded, accepts),
    transform: (text, { issues }) => {
      try {
        const value = decode(text);
        if (value !== null) return value;
      } catch {
        // The same as null.
      }
      issues.push({ code: "invalid_format", format, input: text });
      return NEVER;
    },
    reverseTransform: encode,
  });
}

function collectionCodec<Collection extends Iterable<unknown>, Item>(
  item: $ZodType,
  Class: { new (items: Iterable<never>): unknown; readonly name: string },
): Codec<Collection, Item[]> {
  return build<Collection, Item[]>({
    type: "pipe",
    // `item` is the schema of `Item`; the callers say so, and the array's type cannot.
    in: new $ZodArray({ type: "array", element: item }) as $ZodType as $ZodType<Item[], Item[]>,
    out: classSchema(Class.name, (value) => value instanceof Class),
    // `Class` is the class of `Collection`.
    transform: (items) => new Class(items as Iterable<never>) as Collection,
    // Its items are Items, by the type of `in`.
    reverseTransform: (collection) => [...collection] as Item[],
  });
}

function classSchema<Decoded>(expected: string, accepts: (value: unknown) => boolean): $ZodType<Decoded, Decoded> {
  // For the encoder's messages; see explanation.ts.
  const params = { expected };
  // `accepts` is what makes the value a Decoded.
  return new $ZodCustom({ type: "custom", check: "custom", abort: true, fn: accepts, params }) as $ZodType<
    Decoded,
    Decoded
  >;
}

function build<Decoded, Wire>(
  def: $ZodCodecDef<$ZodType<Wire, Wire>, $ZodType<Decoded, Decoded>>,
): Codec<Decoded, Wire> {
  // The class's constructor is typed for any codec; `def` says which.
  return new $ZodCodec(def) as unknown as Codec<Decoded, Wire>;
}

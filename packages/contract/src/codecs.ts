import {
  $constructor,
  $ZodArray,
  $ZodCodec,
  $ZodCustom,
  $ZodString,
  $ZodTuple,
  $ZodType,
  type $ZodCodecDef,
  type input,
  type output,
} from "zod/v4/core";
import type { Schema } from "./event.ts";

declare global {
  // Merges with the `URL` of lib.dom or @types/node. In a program that has neither, it is empty.
  interface URL {}
}

// Every platform has this class. It is read at each use, because some platforms add it late.
const platform = globalThis as unknown as { URL: new (text: string) => URL };

/** A schema whose data is `Decoded` in the program and `Wire` in JSON. It can stand wherever a zod schema can stand. */
export interface Codec<Decoded, Wire> extends $ZodCodec<$ZodType<Wire, Wire>, $ZodType<Decoded, Decoded>> {}

/** How values of one type are written as text. */
interface TextForm<Decoded> {
  /** zod's name for the format of the text; the JSON Schema uses it, too. */
  readonly format: string;
  /** Describes what `accepts` accepts; error messages quote it (explanation.ts). */
  readonly decoded: string;
  readonly accepts: (value: unknown) => boolean;
  readonly encode: (value: Decoded) => string;
  /** Throws or returns null for a text that `encode` never writes. */
  readonly decode: (text: string) => Decoded | null;
}

interface TextCodecDef extends TextForm<unknown> {
  readonly type: "pipe";
  /** The schema of the text, on both sides: code that walks through schemas needs one, and a `Date` has none. */
  readonly in: $ZodType;
  readonly out: $ZodType;
  /** Its presence distinguishes a codec from a one-way pipe. */
  readonly reverseTransform: unknown;
}

/**
 * One kind of schema that does the work of three of zod's: codec, string format and class check. A browser downloads
 * each kind of schema that is used.
 */
const $TextCodec = /* @__PURE__ */ $constructor("TidingsTextCodec", (schema: $ZodType, def: TextCodecDef) => {
  $ZodType.init(schema, def);
  schema._zod.parse = (payload, { direction }) => {
    const { issues } = payload;
    const value: unknown = payload.value;
    if (direction === "backward") {
      if (def.accepts(value)) payload.value = def.encode(value);
      else issues.push({ code: "custom", params: { expected: def.decoded }, input: value, inst: schema });
      return payload;
    }
    if (typeof value !== "string") {
      issues.push({ code: "invalid_type", expected: "string", input: value, inst: schema });
      return payload;
    }
    payload.value = tryDecode(def, value);
    if (payload.value === null) {
      issues.push({ code: "invalid_format", format: def.format, input: value, inst: schema });
    }
    return payload;
  };
});

function tryDecode({ decode }: TextCodecDef, text: string): unknown {
  try {
    return decode(text);
  } catch {
    return null;
  }
}

function textCodec<Decoded>(form: TextForm<Decoded>): Codec<Decoded, string> {
  const wire = new $ZodString({ type: "string" });
  wire._zod.bag["format"] = form.format;
  // It has every member that `Codec` names; only its class differs from zod's, and no code depends on the class.
  return new $TextCodec({
    ...(form as TextForm<unknown>),
    type: "pipe",
    in: wire,
    out: wire,
    reverseTransform: form.encode,
  }) as Codec<Decoded, string>;
}

/** `Date` in the program; in JSON exactly what `Date.prototype.toISOString` writes. Invalid dates are refused. */
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

/** `bigint` in the program; in JSON a string of its decimal digits, without leading zeros. */
export const bigint: Codec<bigint, string> = /* @__PURE__ */ textCodec({
  format: "bigint",
  decoded: "bigint",
  accepts: (value) => typeof value === "bigint",
  encode: (value) => value.toString(),
  decode: (text) => (/^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : null),
});

/** `URL` in the program; in JSON its `href`. Relative URLs are refused. */
export const url: Codec<URL, string> = /* @__PURE__ */ textCodec<URL>({
  format: "url",
  decoded: "URL",
  accepts: (value) => value instanceof platform.URL,
  encode: String,
  decode: (text) => new platform.URL(text),
});

/**
 * `Map` in the program; in JSON an array of `[key, value]`. Key and value may be codecs.
 *
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
 *
 * @example setOf(z.string())
 */
export function setOf<Value extends Schema>(value: Value): Codec<Set<output<Value>>, input<Value>[]> {
  return collectionCodec<Set<output<Value>>, input<Value>>(value, Set);
}

function collectionCodec<Collection extends Iterable<unknown>, Item>(
  item: $ZodType,
  Class: { new (items: Iterable<never>): unknown; readonly name: string },
): Codec<Collection, Item[]> {
  const def: $ZodCodecDef<$ZodType<Item[], Item[]>, $ZodType<Collection, Collection>> = {
    type: "pipe",
    // `item` is the schema of `Item`: both callers pass it, but the array's type cannot express it.
    in: new $ZodArray({ type: "array", element: item }) as $ZodType as $ZodType<Item[], Item[]>,
    // `fn` accepts only values of `Class`, which is the class of `Collection`.
    out: new $ZodCustom({
      type: "custom",
      check: "custom",
      abort: true,
      fn: (value) => value instanceof Class,
      params: { expected: Class.name },
    }) as $ZodType as $ZodType<Collection, Collection>,
    // `Class` is the class of `Collection`.
    transform: (items) => new Class(items as Iterable<never>) as Collection,
    // The type of `in` says that its items are of type `Item`.
    reverseTransform: (collection) => [...collection] as Item[],
  };
  // The constructor is typed for any codec; the type of `def` says which one this is.
  return new $ZodCodec(def) as unknown as Codec<Collection, Item[]>;
}

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
  // Merges with the URL of lib.dom or @types/node; empty in a program that has neither.
  interface URL {}
}

// The class is the platform's; read when used, because some platforms add it late.
const platform = globalThis as unknown as { URL: new (text: string) => URL };

/** A schema whose data is `Decoded` in the program and `Wire` in JSON; it goes wherever a zod schema goes. */
export interface Codec<Decoded, Wire> extends $ZodCodec<$ZodType<Wire, Wire>, $ZodType<Decoded, Decoded>> {}

interface TextForm<Decoded> {
  /** zod's name of the wire's format, also that of the JSON Schema. */
  readonly format: string;
  /** What `accepts` accepts, for messages; see explanation.ts. */
  readonly decoded: string;
  readonly accepts: (value: unknown) => boolean;
  readonly encode: (value: Decoded) => string;
  /** May throw or return null for a text that is none of `encode`'s. */
  readonly decode: (text: string) => Decoded | null;
}

interface TextCodecDef extends TextForm<unknown> {
  readonly type: "pipe";
  /** The wire's form on both sides, for whoever walks through schemas: a Date, for one, has none of its own. */
  readonly in: $ZodType;
  readonly out: $ZodType;
  /** Tells a codec from a pipe that has no way back. */
  readonly reverseTransform: unknown;
}

/** One kind of schema in place of zod's codec, format and check of a class: a browser pays for each kind that it loads. */
const $TextCodec = /* @__PURE__ */ $constructor("TidingsTextCodec", (schema: $ZodType, def: TextCodecDef) => {
  $ZodType.init(schema, def);
  schema._zod.parse = (payload, { direction }) => {
    const { issues } = payload;
    const value: unknown = payload.value;
    if (direction === "backward") {
      if (def.accepts(value)) payload.value = def.encode(value);
      else issues.push({ code: "custom", params: { expected: def.decoded }, input: value, inst: schema });
    } else if (typeof value !== "string") {
      issues.push({ code: "invalid_type", expected: "string", input: value, inst: schema });
    } else if ((payload.value = tryDecode(def, value)) === null) {
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
  // It is asked for what a codec of zod is, and nobody is told its class.
  return new $TextCodec({
    ...(form as TextForm<unknown>),
    type: "pipe",
    in: wire,
    out: wire,
    reverseTransform: form.encode,
  }) as Codec<Decoded, string>;
}

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

function collectionCodec<Collection extends Iterable<unknown>, Item>(
  item: $ZodType,
  Class: { new (items: Iterable<never>): unknown; readonly name: string },
): Codec<Collection, Item[]> {
  const def: $ZodCodecDef<$ZodType<Item[], Item[]>, $ZodType<Collection, Collection>> = {
    type: "pipe",
    // `item` is the schema of `Item`; the callers say so, and the array's type cannot.
    in: new $ZodArray({ type: "array", element: item }) as $ZodType as $ZodType<Item[], Item[]>,
    // `fn` is what makes the value a Collection.
    out: new $ZodCustom({
      type: "custom",
      check: "custom",
      abort: true,
      fn: (value) => value instanceof Class,
      params: { expected: Class.name },
    }) as $ZodType as $ZodType<Collection, Collection>,
    // `Class` is the class of `Collection`.
    transform: (items) => new Class(items as Iterable<never>) as Collection,
    // Its items are Items, by the type of `in`.
    reverseTransform: (collection) => [...collection] as Item[],
  };
  // The class's constructor is typed for any codec; `def` says which.
  return new $ZodCodec(def) as unknown as Codec<Collection, Item[]>;
}

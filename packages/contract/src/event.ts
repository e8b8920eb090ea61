import type { Mode } from "@tidings/protocol/mode";
import type { $ZodType, SomeType } from "zod/v4/core";

/** Any schema of `zod` or `zod/mini`. */
export type Schema<Data = unknown> = $ZodType<Data>;

/** One event of a channel: its schema and its delivery mode. */
export interface EventDefinition<Data = unknown, M extends Mode = Mode> {
  readonly mode: M;
  readonly schema: Schema<Data>;
  /** `latest` only: which value this one replaces. Method syntax, so that a definition of one type is a definition of `unknown`. */
  key(data: Data): string;
  /** `latest` only: milliseconds after which a value that was not renewed is cleared; null for never. */
  readonly expires: number | null;
}

/** What a channel is defined with: a schema is a reliable event. */
// `SomeType` is zod's light form of a schema: to compare every event with all of `Schema` would triple the compiler's work.
export type EventDefinitions = Readonly<Record<string, SomeType | EventDefinition>>;

// The next three ask for one property each instead of comparing whole schemas: they run once for every event of a contract.

/** The decoded type of a schema. */
export type Decoded<S> = S extends { readonly _zod: { readonly output: infer Data } } ? Data : never;

/** The decoded type of an event. */
export type DataOf<Definition> = Definition extends { readonly schema: infer S } ? Decoded<S> : Decoded<Definition>;

/** The delivery mode of an event. */
export type ModeOf<Definition> = Definition extends { readonly mode: infer M extends Mode } ? M : "reliable";

export interface LatestOptions<Data> {
  /** Names the value among several of one address. @default one value per address and type */
  key?: (data: Data) => string;
  /** Milliseconds until a value that was not renewed is cleared; more than 0. @default never */
  expires?: number;
}

/**
 * An event of which only the newest value per key counts: a topic, a price, a member's presence.
 * @example latest(Price, { key: (price) => price.symbol, expires: 60_000 })
 */
export function latest<S extends SomeType>(
  schema: S,
  options: LatestOptions<Decoded<S>> = {},
): EventDefinition<Decoded<S>, "latest"> {
  const { key, expires = null } = options;
  return define("latest", schema, key, expires);
}

/** An event that is worth nothing after 5 seconds: a typing hint. It has no id and never causes a gap. */
export function volatile<S extends SomeType>(schema: S): EventDefinition<Decoded<S>, "volatile"> {
  return define("volatile", schema);
}

/** A bare schema is a reliable event; null for what is neither a schema nor a definition. */
export function toDefinition(given: SomeType | EventDefinition): EventDefinition | null {
  if (isSchema(given)) return define("reliable", given);
  // The types say so already, but a circular import hands over `undefined`, and plain JavaScript anything.
  const definition = given as EventDefinition | undefined;
  return isSchema(definition?.schema) ? definition : null;
}

/** Whether a value is a schema of zod 4. */
export function isSchema(value: unknown): value is Schema {
  return (value as { readonly _zod?: unknown } | null | undefined)?._zod !== undefined;
}

function define<S extends SomeType, M extends Mode>(
  mode: M,
  schema: S,
  key: (data: Decoded<S>) => string = () => "",
  expires: number | null = null,
): EventDefinition<Decoded<S>, M> {
  // Every S is a Schema<Decoded<S>>, by the definition of `Decoded`; the compiler does not see through it.
  return { mode, schema: schema as SomeType as Schema<Decoded<S>>, key, expires };
}

import { checkRecord, kindOf, refuse } from "./contract-error.ts";
import type { Mode } from "@tidings/protocol/mode";
import type { $ZodType, SomeType } from "zod/v4/core";

/** Any schema of `zod` or `zod/mini`. */
export type Schema<Data = unknown> = $ZodType<Data>;

/** One event of a channel: its schema and its delivery mode. */
export interface EventDefinition<Data = unknown, M extends Mode = Mode> {
  readonly mode: M;
  readonly schema: Schema<Data>;
  /** `latest` only: the key of the value that this event replaces. */
  // Method syntax makes an `EventDefinition<Data>` assignable to `EventDefinition<unknown>`.
  key(data: Data): string;
  /** `latest` only: the milliseconds until a value that is not renewed is cleared; null for never. */
  readonly expires: number | null;
}

/** Any schema of zod 4, in its light form. The compiler's message about a schema of zod 3 names this type. */
// Comparing every event with the full `Schema` triples the compiler's work.
export interface Zod4Schema {
  readonly _zod: SomeType["_zod"];
}

/** The events of a channel by type. A bare schema is a reliable event. */
export type EventDefinitions = Readonly<Record<string, Zod4Schema | EventDefinition>>;

// The next three types look at one property instead of comparing whole schemas: the compiler evaluates them for every
// event of a contract.

/** The decoded type of a schema. */
export type Decoded<S> = S extends { readonly _zod: { readonly output: infer Data } } ? Data : never;

/** The decoded type of an event. */
export type DataOf<Definition> = Definition extends { readonly schema: infer S } ? Decoded<S> : Decoded<Definition>;

/** The delivery mode of an event; `reliable` for a bare schema. */
export type ModeOf<Definition> = Definition extends { readonly mode: infer M extends Mode } ? M : "reliable";

/** Options of {@link latest}. */
export interface LatestOptions<Data> {
  /**
   * Returns the key of a value, for an address with several values of this type. It gets the value as readers get it:
   * trimmed, with defaults, as the schema leaves it. A key has 1,024 bytes at most. @default the key is always `""`
   */
  key?: (data: Data) => string;
  /** Milliseconds until a value that is not renewed is cleared: finite and above 0. @default never */
  expires?: number;
}

/**
 * An event of which only the newest value per key matters: a topic, a price, a member's presence.
 *
 * @throws ContractError `bad-contract` for an unknown option, and for what is no schema of zod 4
 * @example latest(Price, { key: (price) => price.symbol, expires: 60_000 })
 */
export function latest<S extends Zod4Schema>(
  schema: S,
  options: LatestOptions<Decoded<S>> = {},
): EventDefinition<Decoded<S>, "latest"> {
  checkOptionNames("latest", options, ["key", "expires"]);
  const { key, expires = null } = options;
  return define("latest", schema, key, expires);
}

/**
 * An event that is sent only to readers within 5 seconds, for example that somebody is typing. It has no id and never
 * causes a gap.
 */
export function volatile<S extends Zod4Schema>(schema: S): EventDefinition<Decoded<S>, "volatile"> {
  return define("volatile", schema);
}

/** The definition of an event; a bare schema becomes a reliable event. Null for anything else. */
export function toDefinition(given: Zod4Schema | EventDefinition): EventDefinition | null {
  if (isSchema(given)) return define("reliable", given);
  // The types exclude other values, but a circular import passes `undefined`, and plain JavaScript can pass anything.
  const definition = given as EventDefinition | undefined;
  return isSchema(definition?.schema) ? definition : null;
}

/**
 * Refuses what is no record, and a misspelt option, which would silently be the default.
 * @throws ContractError `bad-contract`
 */
export function checkOptionNames(where: string, options: object, names: readonly string[]): void {
  checkRecord(where, "a record of options", options);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(where, `only ${names.join(" and ")} for options`, unknown);
}

/** Whether a value is a schema of zod 4. */
export function isSchema(value: unknown): value is Schema {
  return (value as { readonly _zod?: unknown } | null | undefined)?._zod !== undefined;
}

function define<S extends Zod4Schema, M extends Mode>(
  mode: M,
  schema: S,
  key: (data: Decoded<S>) => string = () => "",
  expires: number | null = null,
): EventDefinition<Decoded<S>, M> {
  if (!isSchema(schema)) refuse(mode, "a schema of zod 4", kindOf(schema));
  // By the definition of `Decoded`, every S is a Schema<Decoded<S>>. The compiler cannot derive that.
  return { mode, schema: schema as SomeType as Schema<Decoded<S>>, key, expires };
}

import { refuse } from "./contract-error.ts";
import { checkOptionNames, isSchema, toDefinition } from "./event.ts";
import type { DataOf, EventDefinition, EventDefinitions, ModeOf, Schema } from "./event.ts";
import type { Params, PathPattern } from "./path.ts";

/** A channel with its params filled in: a plain value. Two addresses are equal exactly when their paths are equal. */
export interface Address<Name extends string = string, AddressParams = Readonly<Record<string, string>>> {
  /** The channel's key in the contract. */
  readonly name: Name;
  readonly params: AddressParams;
  /** Canonical and percent-encoded, e.g. `rooms/lobby`; 1 to 256 bytes of ASCII. */
  readonly path: string;
}

/** A channel without a name: what {@link channel} returns. `defineContract` gives it the name. */
export interface ChannelDefinition<
  Pattern extends string = string,
  Events extends EventDefinitions = EventDefinitions,
  Snapshot extends Schema = Schema,
> {
  readonly pattern: PathPattern<Pattern>;
  readonly events: { readonly [Type in keyof Events]: EventDefinition<DataOf<Events[Type]>, ModeOf<Events[Type]>> };
  readonly snapshot: Snapshot | undefined;
}

/** A named family of streams: call it with its params to get an address. */
export interface Channel<Name extends string, Definition extends ChannelDefinition> {
  (
    ...args: ParamsOf<Definition> extends Readonly<Record<string, never>> ? [] : [params: ParamsOf<Definition>]
  ): Address<Name, ParamsOf<Definition>>;
  readonly name: Name;
  readonly pattern: Definition["pattern"];
  readonly events: Definition["events"];
  readonly snapshot: Definition["snapshot"];
}

/** The params record of a channel. */
// `infer`, so that compiler messages say `Params<"rooms/:roomId">` and not the whole channel.
export type ParamsOf<Definition> = Definition extends {
  readonly pattern: { readonly text: infer Pattern extends string };
}
  ? Params<Pattern>
  : never;

/** Options of {@link channel}. */
export interface ChannelOptions<Snapshot extends Schema> {
  /**
   * The schema of the state that a subscription starts from when it is new or has met a gap. The hub then needs a
   * loader for it. @default none
   */
  snapshot?: Snapshot;
}

/**
 * Defines a family of streams.
 *
 * @param pattern literal segments and `:params`, separated by `/`, e.g. `rooms/:roomId`
 * @param events by event type: a schema (a reliable event), `latest(…)` or `volatile(…)`
 * @throws ContractError `bad-contract` for an unknown option, or an event that is not a schema of zod 4; `createHub`
 *   checks everything else
 */
export function channel<const Pattern extends string, Events extends EventDefinitions, Snapshot extends Schema = never>(
  pattern: Pattern,
  events: Events,
  options: ChannelOptions<Snapshot> = {},
): ChannelDefinition<Pattern, Events, NoInfer<Snapshot>> {
  const fail = (expected: string, got: unknown): never => refuse(`Channel "${pattern}"`, expected, got);
  checkOptionNames(`Channel "${pattern}"`, options, ["snapshot"]);
  // This also catches `__proto__` in a literal: it sets the record's prototype.
  if (isSchema(events)) fail("a record of events", "a schema");
  const definitions = Object.create(null) as Record<string, EventDefinition>;
  for (const [type, given] of Object.entries(events)) {
    const definition = toDefinition(given);
    definitions[type] =
      definition ?? fail(`event "${type}" to be a schema of zod 4`, `${typeof given}; is there a circular import?`);
  }
  return {
    pattern: { text: pattern, segments: pattern.split("/") },
    // The runtime record mirrors `Events` key by key, which the loop cannot show to the compiler.
    events: definitions as ChannelDefinition<Pattern, Events>["events"],
    snapshot: options.snapshot,
  };
}

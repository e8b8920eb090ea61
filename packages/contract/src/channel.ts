import { checkRecord, kindOf, refuse } from "./contract-error.ts";
import { checkOptionNames, isSchema, toDefinition } from "./event.ts";
import type { DataOf, EventDefinition, EventDefinitions, ModeOf, Schema, Zod4Schema } from "./event.ts";
import type { Params, PathOf, PathPattern, WithoutOuterSlashes } from "./path.ts";

/** A channel with its params filled in: a plain value. Two addresses are equal exactly when their paths are equal. */
export interface Address<Name extends string = string, Pattern extends string = string> {
  /** The channel's key in the contract. */
  readonly name: Name;
  readonly params: Params<Pattern>;
  /** Canonical and percent-encoded, e.g. `rooms/lobby`; 1 to 256 bytes of ASCII. */
  // Typed by the pattern, so that an address of another contract does not compile.
  readonly path: PathOf<Pattern>;
}

/** A channel without a name: what {@link channel} returns. `defineContract` gives it the name. */
export interface ChannelDefinition<
  Pattern extends string = string,
  Events extends EventDefinitions = EventDefinitions,
  Snapshot extends Zod4Schema = Schema,
  End extends Zod4Schema = Schema,
> {
  readonly pattern: PathPattern<Pattern>;
  readonly events: { readonly [Type in keyof Events]: EventDefinition<DataOf<Events[Type]>, ModeOf<Events[Type]>> };
  readonly snapshot: Snapshot | undefined;
  readonly unreadable: Unreadable;
  /** What the last event of an address says. Undefined if the channel goes on for ever. */
  readonly end: End | undefined;
}

/**
 * What a client does about a reliable event that it cannot read: it reports a gap, or goes on. It cannot read what does
 * not fit its contract, or has more bytes than it takes.
 */
export type Unreadable = "gap" | "skip";

/** A named family of streams: call it with its params to get an address. */
export interface Channel<Name extends string, Definition extends ChannelDefinition> {
  (
    ...args: ParamsOf<Definition> extends Readonly<Record<string, never>> ? [] : [params: ParamsOf<Definition>]
  ): Address<Name, PatternOf<Definition>>;
  readonly name: Name;
  readonly pattern: Definition["pattern"];
  readonly events: Definition["events"];
  readonly snapshot: Definition["snapshot"];
  readonly unreadable: Unreadable;
  readonly end: Definition["end"];
}

/** The pattern of a channel. */
// `infer`, so that compiler messages say `Params<"rooms/:roomId">` and not the whole channel.
export type PatternOf<Definition> = Definition extends {
  readonly pattern: { readonly text: infer Pattern extends string };
}
  ? Pattern
  : never;

/** The params record of a channel. */
export type ParamsOf<Definition> = PatternOf<Definition> extends infer Pattern extends string ? Params<Pattern> : never;

/** Options of {@link channel}. */
export interface ChannelOptions<Snapshot extends Zod4Schema, End extends Zod4Schema = never> {
  /**
   * The schema of the state that a subscription starts from when it is new or has met a gap. The hub then needs a
   * loader for it. @default none
   */
  snapshot?: Snapshot;
  /**
   * What a client does about a reliable event that does not fit its own contract, as when the server has a newer one,
   * and that no handler `onUnreadable` takes. With `gap`, the client reports a gap and loads the state again, if there
   * is one. With `skip` it goes on. In both cases `onError` is called, and the status says that it is degraded.
   * @default "gap"
   */
  unreadable?: Unreadable;
  /**
   * The schema of what the last event of an address says: for jobs, answers, games, whatever is over at some time.
   * `hub.end` publishes it, and nothing can be published to that address after it. @default an address never ends
   */
  end?: End;
}

/**
 * Defines a family of streams.
 *
 * @param pattern literal segments and `:params`, separated by `/`, e.g. `rooms/:roomId`
 * @param events by event type: a schema (a reliable event), `latest(…)` or `volatile(…)`
 * @throws ContractError `bad-contract` for a pattern that is no text, for what is no record of events or of options,
 *   for an unknown option, and for an event that is not a schema of zod 4; `createHub` checks everything else
 */
export function channel<
  const Pattern extends string,
  Events extends EventDefinitions,
  Snapshot extends Zod4Schema = never,
  End extends Zod4Schema = never,
>(
  pattern: WithoutOuterSlashes<Pattern>,
  events: Events,
  options: ChannelOptions<Snapshot, End> = {},
): ChannelDefinition<Pattern, Events, NoInfer<Snapshot>, NoInfer<End>> {
  if (typeof pattern !== "string") refuse("channel", "a pattern such as rooms/:roomId", kindOf(pattern));
  const fail = (expected: string, got: unknown): never => refuse(`Channel "${pattern}"`, expected, got);
  checkOptionNames(`Channel "${pattern}"`, options, ["snapshot", "unreadable", "end"]);
  checkRecord(`Channel "${pattern}"`, "a record of events", events);
  // This also catches `__proto__` in a literal: it sets the record's prototype.
  if (isSchema(events)) fail("a record of events", "a schema");
  const definitions = Object.create(null) as Record<string, EventDefinition>;
  for (const [type, given] of Object.entries(events)) {
    const definition = toDefinition(given);
    definitions[type] = definition ?? fail(`event "${type}" to be a schema of zod 4`, kindOf(given));
  }
  return {
    // Safe: the compiler accepts only a pattern without outer slashes, and then both types are the same.
    pattern: { text: pattern as Pattern, segments: pattern.split("/") },
    // The runtime record mirrors `Events` key by key, which the loop cannot show to the compiler.
    events: definitions as ChannelDefinition<Pattern, Events>["events"],
    snapshot: options.snapshot,
    unreadable: options.unreadable ?? "gap",
    end: options.end,
  };
}

import type { Address, Channel, ChannelDefinition, PatternOf } from "./channel.ts";
import { checkRecord, ContractError, kindOf, refuse } from "./contract-error.ts";
import type { Decoded, EventDefinition, Schema } from "./event.ts";
import { buildPath, parsePath } from "./path.ts";

/** Any contract: a record of channels by name. */
export type Contract = Readonly<Record<string, AnyChannel>>;

/** Any channel of a contract. */
export interface AnyChannel extends ChannelDefinition {
  (...args: never): Address;
  readonly name: string;
}

/** The channel names of a contract. */
export type ChannelName<C extends Contract> = keyof C & string;

/** The event types of a channel; of several channels, the types that all of them have. */
// `infer` makes compiler messages list the types instead of the whole contract. `extends AnyChannel` keeps the literal
// type: without it a call would widen it to `string` and accept the data of any event. Type tests check both.
export type EventType<C extends Contract, Name extends ChannelName<C>> = C[Name] extends infer Found extends AnyChannel
  ? keyof Found["events"] & string
  : never;

/** The types of a channel's `latest` events; `never` if it has none. */
export type LatestType<C extends Contract, Name extends ChannelName<C>> = {
  [Type in EventType<C, Name>]: C[Name]["events"][Type] extends { readonly mode: "latest" } ? Type : never;
}[EventType<C, Name>];

/** The decoded data of an event. */
export type EventData<C extends Contract, Name extends ChannelName<C>, Type extends EventType<C, Name>> =
  C[Name]["events"][Type] extends EventDefinition<infer Data> ? Data : never;

/** The address of a channel; of several channels, a union that `name` narrows. */
export type AddressOf<C extends Contract, Name extends ChannelName<C>> = Name extends unknown
  ? Address<Name, PatternOf<C[Name]>>
  : never;

/** The names of the channels that declare a snapshot. */
export type SnapshotName<C extends Contract> = {
  [Name in ChannelName<C>]: [NonNullable<C[Name]["snapshot"]>] extends [never] ? never : Name;
}[ChannelName<C>];

/** The decoded state of a channel's snapshot; `never` if the channel declares none. */
export type SnapshotState<C extends Contract, Name extends ChannelName<C>> = Decoded<NonNullable<C[Name]["snapshot"]>>;

/** The names of the channels whose addresses can end. */
export type EndName<C extends Contract> = {
  [Name in ChannelName<C>]: [NonNullable<C[Name]["end"]>] extends [never] ? never : Name;
}[ChannelName<C>];

/** The decoded data of a channel's end; `never` if the channel declares none. */
export type EndData<C extends Contract, Name extends ChannelName<C>> = Decoded<NonNullable<C[Name]["end"]>>;

/** What {@link defineContract} returns. */
// `keyof` without anything else, so that "go to definition" leads from a channel of the result to its definition.
type ContractOf<Definitions extends Readonly<Record<string, ChannelDefinition>>> = {
  readonly [Name in keyof Definitions]: Channel<Name & string, Definitions[Name]>;
};

/**
 * Gives the channels of an application their names. Server and client share the result.
 *
 * @example
 * const chat = defineContract({ room: channel("rooms/:roomId", { message: Message }) });
 * chat.room({ roomId: "lobby" }).path; // "rooms/lobby"
 * @throws ContractError `bad-contract` for anything but a record of channels; `createHub` checks everything else
 */
export function defineContract<Definitions extends Readonly<Record<string, ChannelDefinition>>>(
  definitions: Definitions,
): ContractOf<Definitions> {
  checkRecord("defineContract", "a record of channels", definitions);
  const contract = Object.create(null) as Record<string, AnyChannel>;
  for (const [name, definition] of Object.entries(definitions)) {
    // The types exclude this, but a circular import passes `undefined`, and plain JavaScript can pass anything.
    const given = definition as Partial<ChannelDefinition> | null | undefined;
    if (!given?.pattern || !given.events) refuse(`Channel "${name}"`, "a channel(…)", kindOf(given));
    contract[name] = nameChannel(name, definition);
  }
  // Built key by key from `definitions`, which the loop cannot show to the compiler.
  return contract as unknown as ContractOf<Definitions>;
}

function nameChannel(name: string, definition: ChannelDefinition): AnyChannel {
  const address = (params: Readonly<Record<string, string>> = {}): Address => ({
    name,
    ...buildPath(definition.pattern, params),
  });
  return Object.assign(Object.defineProperty(address, "name", { value: name }), definition) as AnyChannel;
}

/**
 * Finds the address of a path. `parseAddress(contract, address.path)` equals `address`.
 *
 * @returns null if the path is not canonical, or if no channel of the contract makes it
 */
export function parseAddress<C extends Contract>(contract: C, path: string): AddressOf<C, ChannelName<C>> | null {
  for (const channel of Object.values(contract)) {
    const params = parsePath(channel.pattern, path);
    // The params belong to the pattern of this name.
    if (params !== null) return { name: channel.name, params, path } as AddressOf<C, ChannelName<C>>;
  }
  return null;
}

/**
 * Finds the definition of an event of an address's channel. An address is a plain value that can come from anywhere,
 * so its path is checked, too.
 *
 * @throws ContractError `unknown-channel`, `unknown-event`
 */
export function findEvent(contract: Contract, address: Address, type: string): EventDefinition {
  const channel = findChannel(contract, address);
  const definition = channel.events[type];
  if (definition === undefined) {
    const types = Object.keys(channel.events).join(", ");
    throw new ContractError("unknown-event", `Channel "${channel.name}": expected one of ${types}, got "${type}".`);
  }
  return definition;
}

/**
 * Finds the schema of the end of an address's channel.
 *
 * @throws ContractError `unknown-channel`, `unknown-event` if the channel declares no end
 */
export function findEnd(contract: Contract, address: Address): Schema {
  const { name, end } = findChannel(contract, address);
  if (end !== undefined) return end;
  const wrong = "expected a channel that declares an end, got one without";
  throw new ContractError(
    "unknown-event",
    `Channel "${name}": ${wrong}; add it: channel(…, { end: z.object({ … }) }).`,
  );
}

/** @throws ContractError `unknown-channel` */
function findChannel(contract: Contract, { name, path }: Address): AnyChannel {
  const channel = Object.hasOwn(contract, name) ? contract[name] : undefined;
  if (channel === undefined) {
    const mismatch = `Expected an address of this contract (${Object.keys(contract).join(", ")}), got "${name}"`;
    throw new ContractError("unknown-channel", `${mismatch}; make it with the contract's channel function.`);
  }
  if (parsePath(channel.pattern, path) !== null) return channel;
  const mismatch = `Expected an address of channel "${name}", got the path ${JSON.stringify(path)}`;
  throw new ContractError("unknown-channel", `${mismatch}; make it with the contract's channel function.`);
}

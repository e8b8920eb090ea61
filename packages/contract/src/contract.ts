import type { Address, Channel, ChannelDefinition, ParamsOf } from "./channel.ts";
import { ContractError, refuse } from "./contract-error.ts";
import type { Decoded, EventDefinition } from "./event.ts";
import { buildPath, parsePath } from "./path.ts";

/** Any contract: its channels by name. */
export type Contract = Readonly<Record<string, AnyChannel>>;

/** Any channel of a contract. */
export interface AnyChannel extends ChannelDefinition {
  (...args: never): Address;
  readonly name: string;
}

/** The channel names of a contract. */
export type ChannelName<C extends Contract> = keyof C & string;

/** The event types of a channel; of several channels, those that all of them have. */
// `infer`, so that compiler messages list the types and not the whole contract; with `extends`, or a call would widen the
// type's literal to `string` and take the data of any event (the type tests hold both).
export type EventType<C extends Contract, Name extends ChannelName<C>> = C[Name] extends infer Found extends AnyChannel
  ? keyof Found["events"] & string
  : never;

/** The decoded data of an event. */
export type EventData<C extends Contract, Name extends ChannelName<C>, Type extends EventType<C, Name>> =
  C[Name]["events"][Type] extends EventDefinition<infer Data> ? Data : never;

/** The address of a channel; of several channels, a union that `name` narrows. */
export type AddressOf<C extends Contract, Name extends ChannelName<C>> = Name extends unknown
  ? Address<Name, ParamsOf<C[Name]>>
  : never;

/** The names of the channels that declare a snapshot. */
export type SnapshotName<C extends Contract> = {
  [Name in ChannelName<C>]: [NonNullable<C[Name]["snapshot"]>] extends [never] ? never : Name;
}[ChannelName<C>];

/** The decoded state of a channel's snapshot; never where it declares none. */
export type SnapshotState<C extends Contract, Name extends ChannelName<C>> = Decoded<NonNullable<C[Name]["snapshot"]>>;

/**
 * Names the channels of an application; server and client share the result.
 *
 * @example
 * const chat = defineContract({ room: channel("rooms/:roomId", { message: Message }) });
 * chat.room({ roomId: "lobby" }).path; // "rooms/lobby"
 * @throws ContractError `bad-contract` for what is no channel; the rest is checked where a hub is created
 */
export function defineContract<Definitions extends Readonly<Record<string, ChannelDefinition>>>(
  definitions: Definitions,
): { readonly [Name in keyof Definitions & string]: Channel<Name, Definitions[Name]> } {
  const contract = Object.create(null) as Record<string, AnyChannel>;
  for (const [name, definition] of Object.entries(definitions)) {
    // The types say so already, but a circular import hands over `undefined`.
    if (!definition) refuse(`Channel "${name}"`, "a channel(…)", `${typeof definition}; is there a circular import?`);
    contract[name] = nameChannel(name, definition);
  }
  // Built key by key from `definitions`, which the loop cannot show to the compiler.
  return contract as { readonly [Name in keyof Definitions & string]: Channel<Name, Definitions[Name]> };
}

function nameChannel(name: string, definition: ChannelDefinition): AnyChannel {
  const address = (params: Readonly<Record<string, string>> = {}): Address => ({
    name,
    ...buildPath(definition.pattern, params),
  });
  return Object.assign(Object.defineProperty(address, "name", { value: name }), definition) as AnyChannel;
}

/** The address of a canonical path, or null when no channel of the contract has it. `parseAddress(c, a.path)` equals `a`. */
export function parseAddress<C extends Contract>(contract: C, path: string): AddressOf<C, ChannelName<C>> | null {
  for (const channel of Object.values(contract)) {
    const params = parsePath(channel.pattern, path);
    // The pattern of `name` made these params.
    if (params !== null) return { name: channel.name, params, path } as AddressOf<C, ChannelName<C>>;
  }
  return null;
}

/**
 * The definition of one event of an address's channel. An address is a plain value and may come from anywhere, so its path is
 * checked, too.
 * @throws ContractError `unknown-channel`, `unknown-event`
 */
export function findEvent(contract: Contract, address: Address, type: string): EventDefinition {
  const { name, path } = address;
  const channel = Object.hasOwn(contract, name) ? contract[name] : undefined;
  if (channel === undefined) {
    const wrong = `Expected an address of this contract (${Object.keys(contract).join(", ")}), got "${name}"`;
    throw new ContractError("unknown-channel", `${wrong}; make it with the contract's channel function.`);
  }
  const definition = channel.events[type];
  if (definition === undefined) {
    const types = Object.keys(channel.events).join(", ");
    throw new ContractError("unknown-event", `Channel "${channel.name}" has the events ${types}, got "${type}".`);
  }
  if (parsePath(channel.pattern, path) !== null) return definition;
  const wrong = `Expected an address of channel "${name}", got the path ${JSON.stringify(path)}`;
  throw new ContractError("unknown-channel", `${wrong}; make it with the contract's channel function.`);
}

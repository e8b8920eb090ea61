import type { Address, AddressOf, ChannelName, Contract, EventDefinition } from "@tidings/contract";
import { presenceKind, type PeopleEvents, type ServersEvents } from "@tidings/contract/presence";
import { callSafely } from "@tidings/protocol/call-safely";
import { checkHasKeys, checkMethods, checkOptions, checkRange, CLOCK_METHODS } from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import type { Hub } from "../hub.ts";
import { AllPlaces, type VisitingStream } from "./all-places.ts";
import type { PresenceHub } from "./presence-hub.ts";

/** The names of the channels that `serversChannel` has made. */
export type ServersName<C extends Contract> = {
  [Name in ChannelName<C>]: C[Name]["events"] extends ServersEvents ? Name : never;
}[ChannelName<C>];

/** The names of the channels that `peopleChannel` has made. */
export type PeopleName<C extends Contract> = {
  [Name in ChannelName<C>]: C[Name]["events"] extends PeopleEvents<unknown> ? Name : never;
}[ChannelName<C>];

/** The state of a viewer on such a channel. */
export type StateOf<C extends Contract, Name extends PeopleName<C>> = C[Name]["events"] extends {
  readonly state: EventDefinition<{ readonly viewer: string; readonly state: infer State }, "latest">;
}
  ? State
  : never;

/** Options of {@link createPresence}. */
export interface PresenceOptions<C extends Contract> {
  /** The contract of the hub. */
  readonly contract: C;
  /** Where the servers say that they are alive. All servers of a log have to use the same address. */
  readonly servers: AddressOf<C, ServersName<C>>;
  /**
   * For how many milliseconds a viewer stays after the last stream has ended: 0 to 15,000. A viewer who reloads a page
   * comes back within this time. @default 3_000
   */
  readonly grace?: number;
  /**
   * The most viewers that this server shows at one address of a `peopleChannel`. The others are shown when somebody has
   * left. A `countChannel` counts all. @default 500
   */
  readonly mostPeople?: number;
  /**
   * The most addresses at which this server says who is there. A viewer who comes to another one is not shown. An
   * address at which only a state was published makes room. @default 10_000
   */
  readonly mostAddresses?: number;
  /**
   * Gets what the log has refused or not answered. It is tried again at the next renewal.
   * @default console.error
   */
  readonly onError?: (error: unknown) => void;
  /** The clock of the hub. @default the clock of the runtime */
  readonly clock?: Clock;
}

/** What one server says about who is there. */
export interface Presence<C extends Contract> {
  /**
   * Call it in the hub's `onConnect`. The viewer is at all addresses of the stream whose channel `peopleChannel` or
   * `countChannel` has made. Leave addresses out to let somebody watch without being there.
   * @throws TypeError without a `viewerId`
   */
  connect(stream: VisitingStream): void;
  /** Call it in the hub's `onDisconnect`, with the same addresses. */
  disconnect(stream: VisitingStream): void;
  /**
   * Publishes the state of a viewer, for all of their tabs. Any server may do it. The state goes when the viewer
   * leaves. If the viewer is not there and does not come, it goes within 30 seconds. At a server that has reached
   * `mostAddresses` it may stay for a day; it is shown to nobody.
   * @throws ContractError when the state does not fit the contract; it rejects with what the log throws otherwise
   */
  update<Name extends PeopleName<C>>(
    address: AddressOf<C, Name>,
    viewer: string,
    state: NoInfer<StateOf<C, Name>>,
  ): Promise<void>;
  /**
   * Call it before `hub.close()`, and wait for it: it renews the lease for the last time, in two seconds at most.
   * It withdraws nobody. The viewers stay for 20 seconds, and until then they have come to another server.
   */
  close(): Promise<void>;
}

/**
 * Says who is there, from the streams of this server. Several tabs and servers are one person. The lease of a server is
 * renewed every 8 seconds, and nothing else is published until something changes. What a server has said that was
 * killed does not count any more after 20 seconds, and its readers learn that within 30 seconds.
 *
 * @throws TypeError for options that are unknown, of another type or out of range, and if `servers` is an address of
 *   another channel
 * @example
 * const presence = createPresence(hub, { contract: chat, servers: chat.servers() });
 * // in the options of createHub: onConnect: (stream) => presence.connect(stream), and onDisconnect
 */
export function createPresence<C extends Contract>(
  hub: Pick<Hub<NoInfer<C>>, "publish" | "clear" | "events">,
  options: PresenceOptions<C>,
): Presence<C> {
  checkMethods("hub", hub, ["publish", "clear", "events"]);
  checkOptions("the options of createPresence", options, {
    contract: "object",
    servers: "object",
    grace: "number",
    mostPeople: "number",
    mostAddresses: "number",
    onError: "function",
    clock: "object",
  });
  const { contract, servers, grace = 3_000, mostPeople = 500, mostAddresses = 10_000, clock = systemClock } = options;
  const { onError = console.error } = options;
  checkRange("grace", grace, 0, 15_000);
  checkRange("mostPeople", mostPeople, 1, Infinity);
  checkRange("mostAddresses", mostAddresses, 1, Infinity);
  checkHasKeys('"contract"', contract);
  checkMethods("clock", clock, CLOCK_METHODS);
  // Safe: the signature has checked what depends on the contract, and every call below is about one of its channels.
  const anyHub = hub as unknown as PresenceHub;
  const places = new AllPlaces({
    hub: anyHub,
    contract,
    servers: checkServers(contract, servers),
    clock,
    grace,
    mostPeople,
    mostAddresses,
    report: (error) => callSafely(() => onError(error)),
  });
  return {
    // They work without their object: `onConnect: presence.connect`.
    connect: (stream) => places.connect(stream),
    disconnect: (stream) => places.disconnect(stream),
    update: (address, viewer, state) => places.update(address, viewer, state),
    close: () => places.close(),
  };
}

/** @throws TypeError for an address that is not of a channel made by `serversChannel` */
function checkServers(contract: Contract, servers: Address): Address {
  const channel = contract[servers?.name];
  if (channel !== undefined && presenceKind(channel) === "servers") return servers;
  const got = JSON.stringify(servers?.path ?? null);
  throw new TypeError(`Expected "servers" to be an address of a channel made by serversChannel, got ${got}.`);
}

import type { Address, AddressOf, ChannelName, Contract, EventDefinition } from "@tidings/contract";
import {
  countOf,
  peopleOf,
  presenceKind,
  type Count,
  type CountEvents,
  type Here,
  type PeopleEvents,
  type Person,
  type PresenceKind,
  type ServersEvents,
  type ViewerState,
} from "@tidings/contract/presence";
import { checkHasKeys, checkMethods, checkOptions } from "@tidings/protocol/checks";
import { startTimer, type Clock } from "@tidings/protocol/clock";
import type { Client } from "../client.ts";
import type { Watchable } from "../status.ts";
import { PeopleChanges, type PeopleHandlers } from "./people-changes.ts";
import { FollowedValues, type PresenceClient } from "./followed-values.ts";
import { ShownValue } from "./shown-value.ts";

/** The names of the channels whose events are at least these. */
type NameWith<C extends Contract, Events> = {
  [Name in ChannelName<C>]: C[Name]["events"] extends Events ? Name : never;
}[ChannelName<C>];

/** The names of the channels that `serversChannel` has made. */
export type ServersName<C extends Contract> = NameWith<C, ServersEvents>;
/** The names of the channels that `peopleChannel` has made. */
export type PeopleName<C extends Contract> = NameWith<C, PeopleEvents<unknown>>;
/** The names of the channels that `countChannel` has made. */
export type CountName<C extends Contract> = NameWith<C, CountEvents>;

/** Somebody who is there, with the state that the channel declares. */
export type PersonOf<C extends Contract, Name extends PeopleName<C>> = C[Name]["events"] extends {
  readonly state: EventDefinition<{ readonly viewer: string; readonly state: infer State }, "latest">;
}
  ? Person<State>
  : never;

/** Options of {@link createPresence}. */
export interface PresenceOptions<C extends Contract> {
  /** The contract of the client. */
  readonly contract: C;
  /** The address at which the servers say that they are alive: the same as on the server. */
  readonly servers: AddressOf<C, ServersName<C>>;
  /** Runs timers. @default the clock of the runtime */
  readonly clock?: Pick<Clock, "setTimeout">;
}

/** A value that is kept up to date until it is closed. */
export interface Followed<Value> extends Watchable<Value> {
  /** Follows the address no longer, and calls nobody any more. */
  close(): void;
}

/** Who is there, as one client sees it. */
export interface Presence<C extends Contract> {
  /**
   * Everybody who is at an address, each once, sorted by the time since when they are there. After a change it is a new
   * list; without one, it stays the same object. Changes that come together make one list.
   * @throws TypeError for an address of another channel, and for an unknown handler
   */
  people<Name extends PeopleName<C>>(
    address: AddressOf<C, Name>,
    handlers?: PeopleHandlers<PersonOf<C, Name>>,
  ): Followed<readonly PersonOf<C, Name>[]>;
  /**
   * How many are at an address. Somebody with streams at two servers counts twice, and so does, for at most 30 seconds,
   * somebody who has come to another server because theirs was killed. Over a deployment the number stays the same.
   * @throws TypeError for an address of another channel
   */
  count<Name extends CountName<C>>(address: AddressOf<C, Name>): Followed<number>;
  /** Ends everything that it follows. */
  close(): void;
}

/**
 * Follows who is there.
 *
 * @throws TypeError for options that are unknown or of another type, and for an address of another channel
 * @example
 * const presence = createPresence(client, { contract: chat, servers: chat.servers() });
 * const people = presence.people(chat.people({ roomId: "lobby" }));
 * people.subscribe((everybody) => console.log(everybody.map(({ viewer }) => viewer)));
 */
export function createPresence<C extends Contract>(
  client: Pick<Client<NoInfer<C>>, "subscribe">,
  options: PresenceOptions<C>,
): Presence<C> {
  checkMethods("client", client, ["subscribe"]);
  checkOptions("the options of createPresence", options, { contract: "object", servers: "object", clock: "object" });
  const { contract, servers, clock = { setTimeout: startTimer } } = options;
  checkHasKeys('"contract"', contract);
  checkMethods("clock", clock, ["setTimeout"]);
  // Safe: the signature has checked what depends on the contract, and every call below is about one of its channels.
  const presence = new FollowedPresence(client, contract, servers, clock);
  return {
    // They work without their object.
    people: (address, handlers) => presence.people(address, handlers as AnyPeopleHandlers) as Followed<never>,
    count: (address) => presence.count(address),
    close: () => presence.close(),
  };
}

type AnyPeopleHandlers = PeopleHandlers<Person<unknown>>;

class FollowedPresence {
  readonly #client: PresenceClient;
  readonly #contract: Contract;
  readonly #clock: Pick<Clock, "setTimeout">;
  readonly #servers: FollowedValues;
  /** Whether everything that is shown has been told that the servers are known. */
  #isKnown = false;
  /** Everything that is shown: it may change when a server comes or goes. */
  readonly #shown = new Set<{ change(): void; close(): void }>();

  constructor(client: PresenceClient, contract: Contract, servers: Address, clock: Pick<Clock, "setTimeout">) {
    this.#client = client;
    this.#contract = contract;
    this.#clock = clock;
    let alive = "";
    this.#servers = this.#follow(servers, "servers", () => {
      const now = [...this.#servers.of("alive").keys()].sort().join(" ");
      // A lease that is only renewed changes nothing.
      if (now === alive && this.#isKnown) return;
      alive = now;
      this.#isKnown = this.#servers.hasBegun;
      for (const shown of this.#shown) shown.change();
    });
  }

  people(address: Address, handlers: AnyPeopleHandlers = {}): Followed<readonly Person<unknown>[]> {
    checkOptions("the handlers of people", handlers, { onJoin: "function", onLeave: "function" });
    const changes = new PeopleChanges(handlers);
    return this.#show(address, "people", (values) => {
      const people = values === null ? [] : this.#peopleIn(values);
      if (values?.hasBegun === true && this.#servers.hasBegun) changes.note(people);
      return people;
    });
  }

  count(address: Address): Followed<number> {
    return this.#show(address, "count", (values) => (values === null ? 0 : this.#countIn(values)));
  }

  close(): void {
    for (const shown of [...this.#shown]) shown.close();
    this.#servers.close();
  }

  /** @param make makes what is shown; it gets null before there are any values */
  #show<Value>(address: Address, kind: PresenceKind, make: (values: FollowedValues | null) => Value): Followed<Value> {
    let values: FollowedValues | null = null;
    const shown = new ShownValue(this.#clock, () => make(values));
    values = this.#follow(address, kind, shown.change);
    const followed = values;
    const entry = {
      change: shown.change,
      close: () => {
        this.#shown.delete(entry);
        followed.close();
        shown.close();
      },
    };
    this.#shown.add(entry);
    return {
      get value() {
        return shown.value;
      },
      subscribe: shown.subscribe,
      close: entry.close,
    };
  }

  /** @throws TypeError for an address of a channel of another kind */
  #follow(address: Address, kind: PresenceKind, onChange: () => void): FollowedValues {
    const channel = this.#contract[address?.name];
    if (channel !== undefined && presenceKind(channel) === kind) {
      return new FollowedValues({ client: this.#client, clock: this.#clock, channel, address, onChange });
    }
    const got = JSON.stringify(address?.path ?? null);
    throw new TypeError(`Expected an address of a channel made by ${kind}Channel, got ${got}.`);
  }

  #peopleIn(values: FollowedValues): Person<unknown>[] {
    // Safe, here and below: the client has decoded the values with these schemas.
    const heres = values.of("here").values() as Iterable<Here>;
    const states = values.of("state") as ReadonlyMap<string, ViewerState<unknown>>;
    return peopleOf(
      heres,
      (server) => this.#isAlive(server),
      (viewer) => states.get(viewer)?.state ?? null,
    );
  }

  #countIn(values: FollowedValues): number {
    const counts = values.of("count").values() as Iterable<Count>;
    return countOf(counts, (server) => this.#isAlive(server));
  }

  #isAlive(server: string): boolean {
    return this.#servers.of("alive").has(server);
  }
}

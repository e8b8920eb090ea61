import type { Client, Handlers, Status, SubscribeOptions, Watchable } from "@tidings/client";
import type { AddressOf, ChannelName, Contract, EventData } from "@tidings/contract";
import type { ReactElement, ReactNode } from "react";
import type { LatestType, LatestValues } from "./latest-values.ts";
import type { Reduction } from "./reduction.ts";
import type { Select, View } from "./view.ts";

export interface ProviderProps<C extends Contract> {
  /** Created once, outside of components. It connects when a component follows an address. */
  readonly client: Client<C>;
  readonly children?: ReactNode;
}

/** A client, or a subscription. */
export interface StatusSource {
  readonly status: Watchable<Status>;
}

/**
 * The hooks of a contract. A hook that takes an address follows it for as long as the component is mounted. Addresses
 * with equal paths are one address, so an address may be made in the render.
 */
export interface Hooks<C extends Contract> {
  /** Gives a client to the components below it. */
  TidingsProvider(this: void, props: ProviderProps<C>): ReactElement;
  /** The client of the provider. @throws TypeError without a provider above the component */
  useClient(this: void): Client<C>;
  /**
   * Calls handlers for the events of an address, as `client.subscribe` does. Handlers may change with each render:
   * those of the last one are called. Returns where the subscription stands.
   * @param options read when the component begins to follow the address
   */
  useChannel<Name extends ChannelName<C>>(
    this: void,
    address: AddressOf<C, Name>,
    handlers: Handlers<C, Name>,
    options?: Pick<SubscribeOptions, "after">,
  ): Status;
  /**
   * Keeps a state of the events of an address. Returns the state, which begins anew with another address, where the
   * subscription stands, and a function that waits for an event.
   * @param select what the component shows of it; it renders again only when that is another value (`Object.is`)
   * @default everything, as `[state, status, reached]`
   */
  useChannelState<Name extends ChannelName<C>, State, Selected = View<State>>(
    this: void,
    address: AddressOf<C, Name>,
    reduction: Reduction<C, Name, State>,
    select?: Select<State, Selected>,
  ): Selected;
  /**
   * Keeps the current values of a `latest` event, by key.
   * @param select as of {@link Hooks.useChannelState}
   */
  useLatest<
    Name extends ChannelName<C>,
    Type extends LatestType<C, Name>,
    Selected = View<LatestValues<EventData<C, Name, Type>>>,
  >(
    this: void,
    address: AddressOf<C, Name>,
    type: Type,
    select?: Select<LatestValues<EventData<C, Name, Type>>, Selected>,
  ): Selected;
  /** Where the connection stands, or a subscription of your own. @param source @default the client */
  useStatus(this: void, source?: StatusSource): Status;
}

import type { AddressOf, ChannelName, Contract } from "@tidings/contract";
import type { ClientOptions } from "./client-options.ts";
import type { EventOf, Gap, Handlers, SubscribeOptions } from "./handlers.ts";
import type { Reason, Status, Watchable } from "./status.ts";
import { createStreamClient } from "./stream-client.ts";

export interface EventsOptions extends SubscribeOptions {
  /** What to do about a gap; the loop then goes on with what is left. @default the loop throws a StreamError `gap` */
  readonly onGap?: (gap: Gap) => unknown;
  /** How many events wait for a slow loop; what is more waits at the server, and comes by pages. @default 1_024 */
  readonly capacity?: number;
}

export interface HistoryOptions {
  /** 1 to 500 events. @default 50 */
  readonly last?: number;
  /** The `id` of the oldest event that is known: asks for older ones. */
  readonly before?: string;
}

/** A batch of history, oldest first. */
export interface History<Event> {
  readonly events: readonly Event[];
  /** Where `subscribe` and `events` go on from, without missing or repeating anything. */
  readonly cursor: string;
  /** Whether there are older events; `before: events[0].id` gets them. */
  readonly more: boolean;
}

/** What `subscribe` returns. */
export interface ClientSubscription {
  readonly status: Watchable<Status>;
  close(): void;
}

/** Follows the channels of a contract over one connection. */
export interface Client<C extends Contract> {
  /** The connection's; each subscription has its own, too. */
  readonly status: Watchable<Status>;
  /** Calls a handler for each event from now on. */
  subscribe<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    handlers: Handlers<C, Name>,
    options?: SubscribeOptions,
  ): ClientSubscription;
  /** The events from now on, for `for await`. A loop that is slow holds up nobody; it lags and misses nothing. */
  events<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    options?: EventsOptions,
  ): AsyncIterableIterator<EventOf<C, Name>, Reason>;
  /** The newest reliable events, or older ones. @throws StreamError */
  history<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    options?: HistoryOptions,
  ): Promise<History<EventOf<C, Name>>>;
  /** Ends all subscriptions and the connection. */
  close(): void;
}

/**
 * Creates a client. It connects when something is subscribed.
 *
 * @example
 * const client = createClient(chat, { url: "/events" });
 * client.subscribe(chat.room({ roomId: "lobby" }), { snapshot: show, message: add });
 */
// Inside, a contract is a record of channels; the signature here has checked what depends on it.
export const createClient = createStreamClient as unknown as <C extends Contract>(
  contract: C,
  options: ClientOptions,
) => Client<C>;

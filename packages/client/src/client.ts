import type { AddressOf, ChannelName, Contract } from "@tidings/contract";
import type { ServerContract } from "./drive/server-contract.ts";
import type { EndOf, EventOf, Gap, Handlers, SubscribeOptions, UnreadableData } from "./handlers.ts";
import type { Reason, Status, Watchable } from "./status.ts";

export interface EventsOptions extends SubscribeOptions {
  /**
   * What to do about a gap. The loop then goes on with what is left. Gaps with no event between them are one, with the
   * reason of the first. @default the loop throws a StreamError `gap`
   */
  readonly onGap?: (gap: Gap) => unknown;
  /**
   * How many events wait for a slow loop, one at least. What is more waits at the server, and comes by pages. Without a
   * number there is no bound. @default 1_024
   */
  readonly capacity?: number;
}

export interface HistoryOptions {
  /** 1 to 500 events. @default 50 */
  readonly last?: number;
  /** The `id` of the oldest event that is known, or the `cursor` of a state: asks for older ones. */
  readonly before?: string;
  /** Ends the request when it aborts. The promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ReachedOptions {
  /** Ends the wait when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * What `events` returns: for a `for await` loop. It returns the last event of an address that has ended, and otherwise
 * the reason for which the subscription has ended.
 */
// Before TypeScript 5.6, `AsyncIterableIterator` has no type of the last value.
export interface EventIterator<Event, End = never> extends AsyncIterator<Event, Reason | End> {
  [Symbol.asyncIterator](): EventIterator<Event, End>;
}

/** A batch of history, oldest first. */
export interface History<Event, End = never> {
  readonly events: readonly Event[];
  /** Where `subscribe` and `events` go on from, without missing or repeating anything. */
  readonly cursor: string;
  /** The last event of the address, if it is in this batch. */
  readonly end: End | null;
  /** Whether there are older events. `before: events[0].id` asks for them. */
  readonly more: boolean;
  /** Events of this batch that do not fit the contract of this client, oldest first. `onError` gets why. */
  readonly unreadable: readonly UnreadableData[];
}

/** What `subscribe` returns. */
export interface ClientSubscription {
  readonly status: Watchable<Status>;
  /** Ends it: no handler but `onClose` is called any more, wherever this is called from. */
  readonly close: () => void;
  /**
   * Resolves when the handlers have had everything up to an event, whose `id` is what `hub.publish` has returned. What
   * was shown in advance can go then. If the event is gone, in a gap or with a failover, it resolves when the handlers
   * have had what takes its place. While there is no connection it waits; false means that the subscription has closed.
   * @throws TypeError for an id that is not a cursor @throws the reason of the signal when that aborts
   */
  readonly reached: (id: string, options?: ReachedOptions) => Promise<boolean>;
}

/** Follows the channels of a contract over one connection. */
export interface Client<C extends Contract> {
  /** The connection's. Each subscription has its own, too. */
  readonly status: Watchable<Status>;
  /** Whether the server has the same contract, so that a page that is too old can ask to be reloaded. */
  readonly contract: Watchable<ServerContract>;
  /**
   * Calls a handler for each event from now on, never before it has returned.
   * @throws TypeError for an address of another contract, for a bad `after` or `signal`, and without handlers
   */
  subscribe<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    handlers: Handlers<C, Name>,
    options?: SubscribeOptions,
  ): ClientSubscription;
  /** The events from now on, for `for await`. A slow loop holds up nobody: it lags, and misses nothing. */
  events<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    options?: EventsOptions,
  ): EventIterator<EventOf<C, Name>, EndOf<C, Name>>;
  /** The newest reliable events, or older ones. @throws StreamError */
  history<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    options?: HistoryOptions,
  ): Promise<History<EventOf<C, Name>, EndOf<C, Name>>>;
  /**
   * Tries again at once what waits for its next attempt, also after `closed: unauthenticated`: the subscriptions go on
   * from where they were. Calls within half a second of the last attempt are served together, when that is over.
   */
  reconnect(): void;
  /** Ends all subscriptions and the connection, for good. A loop gets nothing more, not even what waits for it. */
  close(): void;
}

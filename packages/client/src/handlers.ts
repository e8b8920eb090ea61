import type { ChannelName, Contract, EventData, EventType, SnapshotName, SnapshotState } from "@tidings/contract";
import type { GapReason } from "@tidings/protocol";
import type { StreamError } from "./stream-error.ts";
import type { Reason } from "./status.ts";

/** One event as a handler or an iterator gets it. */
export interface ReceivedEvent<Type extends string = string, Data = unknown> {
  /** The address's path. */
  readonly channel: string;
  readonly type: Type;
  readonly data: Data;
  /** Its position in the log; null for volatile events and for current values. */
  readonly id: string | null;
}

/** Any event of a channel; narrow it by `type`. */
export type EventOf<C extends Contract, Name extends ChannelName<C>> = {
  [Type in EventType<C, Name>]: ReceivedEvent<Type, EventData<C, Name, Type>>;
}[EventType<C, Name>];

/** Some events of an address are gone: nobody can deliver them any more. */
export interface Gap {
  readonly channel: string;
  readonly reason: GapReason;
  /** Where the gap begins: everything up to this cursor was delivered. Null when there was no position. */
  readonly after: string | null;
}

/** A `latest` value that was withdrawn or has expired. */
export interface Cleared<Type extends string = string> {
  readonly channel: string;
  readonly type: Type;
  readonly key: string;
  readonly id: string;
}

/** What a handler returns is not awaited; a rejection goes to `onError`. */
export type Handler<Argument, Event> = (argument: Argument, event: Event) => unknown;

interface CommonHandlers<Type extends string> {
  onClear?(cleared: Cleared<Type>): unknown;
  /** @default the client's */
  onError?(error: StreamError): void;
  /** The subscription has ended and will not come back. */
  onClose?(reason: Reason): void;
}

/** Where a gap cannot be healed by a snapshot, the application has to say what it does about one. */
type GapHandlers<C extends Contract, Name extends ChannelName<C>> =
  Name extends SnapshotName<C>
    ? {
        /**
         * The state to start from, at first and after every gap. The events of the last two seconds follow once more,
         * and may already be in it.
         */
        snapshot(state: SnapshotState<C, Name>): unknown;
        onGap?(gap: Gap): unknown;
      }
    : { onGap(gap: Gap): unknown };

/** The handlers of a subscription: one per event type that matters, and what to do about gaps. */
export type Handlers<C extends Contract, Name extends ChannelName<C>> = {
  readonly [Type in EventType<C, Name>]?: Handler<
    EventData<C, Name, Type>,
    ReceivedEvent<Type, EventData<C, Name, Type>>
  >;
} & CommonHandlers<EventType<C, Name>> &
  GapHandlers<C, Name>;

export interface SubscribeOptions {
  /**
   * Starts after this event instead of now: the `cursor` of a history page, or of a state that the server has rendered.
   * No snapshot is asked for then.
   */
  readonly after?: string;
}

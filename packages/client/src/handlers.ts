import type {
  ChannelName,
  Contract,
  DataOf,
  EndData,
  EndName,
  EventData,
  EventType,
  SnapshotName,
  SnapshotState,
} from "@tidings/contract";
import type { GapReason as WireGapReason } from "@tidings/protocol";
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

/** Why events are missing. */
export type GapReason =
  | WireGapReason
  /** An event, or a page, has more bytes than `maxEventBytes` allows. */
  | "too-large"
  /** An event does not fit the contract of this client. */
  | "unreadable";

/** Data that came, and does not fit the contract of this client. */
export interface UnreadableData {
  /** The address's path. */
  readonly channel: string;
  /** The type of the event. Null for a state. */
  readonly type: string | null;
  /** The id of the event, if it has one. */
  readonly id: string | null;
  /** The JSON as it came. Undefined if it was too large. */
  readonly data: unknown;
}

/** The last event of an address; `never` where the channel declares none. */
export type EndOf<C extends Contract, Name extends ChannelName<C>> =
  Name extends EndName<C> ? ReceivedEvent<"end", EndData<C, Name>> : never;

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
  /**
   * Takes what does not fit the contract of this client, as it came. Then it counts as delivered.
   * @default `onError` is called, and the channel's option `unreadable` says what else is done
   */
  onUnreadable?(data: UnreadableData, error: StreamError): unknown;
  /** @default the client's */
  onError?(error: StreamError): void;
  /** The subscription has ended and will not come back. */
  onClose?(reason: Reason): void;
}

/** `Data` is the data of each event type. */
type EventHandlers<Data> = {
  readonly [Type in keyof Data]?: Handler<Data[Type], ReceivedEvent<Type & string, Data[Type]>>;
} & CommonHandlers<keyof Data & string>;

interface SnapshotHandlers<State> {
  /**
   * The state to start from, at first and after every gap. The events of the last two seconds follow once more, and may
   * already be in it.
   */
  snapshot(state: State, about: SnapshotInfo): unknown;
  onGap?(gap: Gap): unknown;
}

/** Where a gap cannot be healed by a snapshot, the application has to say what it does about one. */
interface GapHandlers {
  onGap(gap: Gap): unknown;
}

interface EndHandler<End> {
  /** The address has ended: this was its last event. `onClose` with `ended` follows. */
  onEnd?(data: End, event: ReceivedEvent<"end", End>): unknown;
}

type PartsWithSnapshot<Data, State> = EventHandlers<Data> & SnapshotHandlers<State>;
type PartsWithoutSnapshot<Data> = EventHandlers<Data> & GapHandlers;

// Each is one object type. A compiler's message about an intersection would not begin with what is missing.
type HandlersWithSnapshot<Data, State> = {
  [Name in keyof PartsWithSnapshot<Data, State>]: PartsWithSnapshot<Data, State>[Name];
};
type HandlersWithoutSnapshot<Data> = {
  [Name in keyof PartsWithoutSnapshot<Data>]: PartsWithoutSnapshot<Data>[Name];
};
type EndingPartsWithSnapshot<Data, State, End> = PartsWithSnapshot<Data, State> & EndHandler<End>;
type EndingPartsWithoutSnapshot<Data, End> = PartsWithoutSnapshot<Data> & EndHandler<End>;
type EndingHandlersWithSnapshot<Data, State, End> = {
  [Name in keyof EndingPartsWithSnapshot<Data, State, End>]: EndingPartsWithSnapshot<Data, State, End>[Name];
};
type EndingHandlersWithoutSnapshot<Data, End> = {
  [Name in keyof EndingPartsWithoutSnapshot<Data, End>]: EndingPartsWithoutSnapshot<Data, End>[Name];
};

/** The handlers of a subscription: one per event type that matters, and what to do about gaps. */
// A conditional type: before TypeScript 5.7, any other leaves the parameters of handlers without types. What it leads
// to has only the data of one channel, and not the contract, so that messages and hovers are short.
export type Handlers<C extends Contract, Name extends ChannelName<C>> = C[Name]["events"] extends infer Events
  ? Name extends SnapshotName<C>
    ? Name extends EndName<C>
      ? EndingHandlersWithSnapshot<
          { [Type in keyof Events]: DataOf<Events[Type]> },
          SnapshotState<C, Name>,
          EndData<C, Name>
        >
      : HandlersWithSnapshot<{ [Type in keyof Events]: DataOf<Events[Type]> }, SnapshotState<C, Name>>
    : Name extends EndName<C>
      ? EndingHandlersWithoutSnapshot<{ [Type in keyof Events]: DataOf<Events[Type]> }, EndData<C, Name>>
      : HandlersWithoutSnapshot<{ [Type in keyof Events]: DataOf<Events[Type]> }>
  : never;

/** What is known about a state. */
export interface SnapshotInfo {
  /** Where the page of the state ends: `history(address, { before: cursor })` has the events up to here. */
  readonly cursor: string;
}

export interface SubscribeOptions {
  /**
   * Starts after this event instead of now: the `cursor` of a history page, or of a state that the server has rendered.
   * No snapshot is asked for then, and no current values of `latest` events: only those that change from there on come.
   * Where the channel declares an end, the current values come, too: the address may be over already.
   */
  readonly after?: string;
  /** Ends it when it aborts, as `close` does. */
  readonly signal?: AbortSignal;
}

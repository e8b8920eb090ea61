import type {
  ChannelName,
  Contract,
  EndData,
  EndName,
  EventData,
  EventType,
  LatestType,
  ParamsOf,
} from "@tidings/contract";
import type { Hole } from "@tidings/log";

// The items name channel, params, type and data one by one: with the whole contract, messages of the compiler would be
// longer than a screen.

/** What every item of a loop says. */
interface Item<Name extends string, Params> {
  /** The name of the channel in the contract. */
  readonly name: Name;
  readonly params: Params;
  /** The path of the address. */
  readonly channel: string;
  /** The position after this item: keep it beside what you have done, and go on from it with `after`. */
  readonly cursor: string;
}

/** An event. Its `cursor` is its id, as `publish` has answered it. */
export interface EventItem<Name extends string, Params, Type extends string, Data> extends Item<Name, Params> {
  readonly kind: "event";
  readonly type: Type;
  readonly data: Data;
}

/** A `latest` value was withdrawn, or has expired. */
export interface ClearItem<Name extends string, Params, Type extends string> extends Item<Name, Params> {
  readonly kind: "clear";
  readonly type: Type;
  readonly key: string;
}

/** The address has ended: nothing more comes of it. The loop ends with its last address. */
export interface EndItem<Name extends string, Params, Data> extends Item<Name, Params> {
  readonly kind: "end";
  readonly data: Data;
}

/**
 * Events of this address are gone: load its state from elsewhere. The `cursor` of a `trimmed` gap is the position
 * before it, since other addresses go on from there. So a loop that begins there gets the gap once more. With `reset`
 * and `lost` there is one gap for each address, and only the cursor of the last one is the newest position.
 */
export interface GapItem<Name extends string, Params> extends Item<Name, Params> {
  readonly kind: "gap";
  /**
   * `trimmed`: retention has dropped them. `reset`: the position belongs to another log. `lost`: the log failed over
   * to a copy that does not have the events up to this position.
   */
  readonly reason: Hole["reason"];
}

/** An event that this contract cannot read: another process has published it with a newer or an older contract. */
export interface InvalidItem<Name extends string, Params> extends Item<Name, Params> {
  readonly kind: "invalid";
  readonly type: string;
  /** A ContractError `unknown-event` or `invalid-data`, or what a codec of the schema has thrown. */
  readonly error: unknown;
}

/** What a loop over some channels gets. Narrow it by `kind`, then by `name` and `type`. */
export type ReaderItem<C extends Contract, Name extends ChannelName<C>> = {
  [Each in Name]:
    | EventItemOf<C, Each>
    | ClearItemOf<C, Each>
    | EndItemOf<C, Each>
    | GapItem<Each, ParamsOf<C[Each]>>
    | InvalidItem<Each, ParamsOf<C[Each]>>;
}[Name];

/** Only a channel with `latest` events has withdrawals. */
type ClearItemOf<C extends Contract, Name extends ChannelName<C>> = [LatestType<C, Name>] extends [never]
  ? never
  : ClearItem<Name, ParamsOf<C[Name]>, LatestType<C, Name>>;

/** Only a channel that declares an end has one. */
type EndItemOf<C extends Contract, Name extends ChannelName<C>> =
  Name extends EndName<C> ? EndItem<Name, ParamsOf<C[Name]>, EndData<C, Name>> : never;

/** Any event of a channel. */
type EventItemOf<C extends Contract, Name extends ChannelName<C>> = {
  [Type in EventType<C, Name>]: EventItem<Name, ParamsOf<C[Name]>, Type, EventData<C, Name, Type>>;
}[EventType<C, Name>];

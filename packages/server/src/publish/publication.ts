import type { AddressOf, ChannelName, Contract, EventData, EventType, LatestType } from "@tidings/contract";

/** What a call of `publish` may add to an event. */
export interface PublishOptions {
  /**
   * The same key on the same address publishes once, so a retry is safe. The log remembers it for 10 minutes at least.
   * 1,024 bytes at most, without NUL and lone surrogates.
   */
  readonly idempotencyKey?: string;
}

/** What a call of `publish` may add to a `latest` event. */
export interface LatestPublishOptions extends PublishOptions {
  /**
   * Publishes only if the newest value of the key is still the one with this `id`, as `publish` has answered it, or an
   * event has it; with null, only if there is no value. A value that was withdrawn or has expired is none. Otherwise
   * the call rejects with a PublishError `conflict`, and nothing is published.
   * @default whatever the value is, it is replaced
   */
  readonly expects?: string | null;
}

/** What a call of `publish` may add to an event of this type. */
export type PublishOptionsOf<C extends Contract, Name extends ChannelName<C>, Type> = [Type] extends [
  LatestType<C, Name>,
]
  ? LatestPublishOptions
  : PublishOptions;

/** One event of a batch. */
export type Publication<C extends Contract> = {
  [Name in ChannelName<C>]: {
    [Type in EventType<C, Name>]: PublishOptionsOf<C, Name, Type> & {
      readonly address: AddressOf<C, Name>;
      readonly type: Type;
      readonly data: EventData<C, Name, Type>;
    };
  }[EventType<C, Name>];
}[ChannelName<C>];

/** Any event of any contract, as the parts of a hub pass it on. */
export type AnyPublication = Publication<Contract> & LatestPublishOptions;

/** What `publish` resolves with: the log has the event as durably as it is configured. */
export interface Published {
  /** The event's id: its position in the log. */
  readonly id: string;
  /** True when the idempotency key was used before; `id` is then that of the first event. */
  readonly duplicate: boolean;
}

import type { AddressOf, ChannelName, Contract, EventData, EventType } from "@tidings/contract";

/** What a call of `publish` may add to an event. */
export interface PublishOptions {
  /**
   * The same key on the same address publishes once, so a retry is safe. The log remembers it for 10 minutes at least.
   * Without NUL and lone surrogates.
   */
  readonly idempotencyKey?: string;
}

/** One event of a batch. */
export type Publication<C extends Contract> = {
  [Name in ChannelName<C>]: {
    [Type in EventType<C, Name>]: PublishOptions & {
      readonly address: AddressOf<C, Name>;
      readonly type: Type;
      readonly data: EventData<C, Name, Type>;
    };
  }[EventType<C, Name>];
}[ChannelName<C>];

/** What `publish` resolves with: the log has the event as durably as it is configured. */
export interface Published {
  /** The event's id: its position in the log. */
  readonly id: string;
  /** True when the idempotency key was used before; `id` is then that of the first event. */
  readonly duplicate: boolean;
}

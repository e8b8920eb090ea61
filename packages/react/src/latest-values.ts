import type { Cleared } from "@tidings/client";
import type { AnyChannel, ChannelName, Contract, EventType } from "@tidings/contract";
import type { AnyReduction } from "./reduction.ts";

/** The types of the `latest` events of a channel. */
export type LatestType<C extends Contract, Name extends ChannelName<C>> = {
  [Type in EventType<C, Name>]: C[Name]["events"][Type] extends { readonly mode: "latest" } ? Type : never;
}[EventType<C, Name>];

/** The current values of an address by their keys. The key of an event that declares none is `""`. */
export type LatestValues<Data> = ReadonlyMap<string, Data>;

const NO_VALUES: LatestValues<unknown> = new Map();
const forget = (): LatestValues<unknown> => NO_VALUES;

/** Keeps the current values of one event type. */
export function latestValues(channel: AnyChannel | undefined, type: string): AnyReduction<LatestValues<unknown>> {
  const keyOf = (data: unknown): string => channel?.events[type]?.key(data) ?? "";
  return {
    initial: NO_VALUES,
    reduce: { [type]: (values, data) => new Map(values).set(keyOf(data), data) },
    clear(values, cleared) {
      // The client passes what was withdrawn.
      const { type: clearedType, key } = cleared as Cleared;
      return clearedType === type ? new Map([...values].filter(([each]) => each !== key)) : values;
    },
    // After a gap, the values that are still valid follow: at once with a snapshot, so that none has to disappear.
    ...(channel?.snapshot === undefined ? { gap: forget } : { snapshot: forget }),
  };
}

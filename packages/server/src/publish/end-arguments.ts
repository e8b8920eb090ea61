import type { ChannelName, Contract, EndData, EndName } from "@tidings/contract";
import type { PublishOptions } from "./publication.ts";

/** What the compiler says to who ends a channel that declares no end. */
export type NoEnd = "this channel declares no end: channel(pattern, events, { end: z.object({ … }) })";

/** What `end` takes after the address. */
export type EndArguments<C extends Contract, Name extends ChannelName<C>> = [Name] extends [EndName<C>]
  ? [data: EndData<C, Name>, options?: PublishOptions]
  : [data: NoEnd];

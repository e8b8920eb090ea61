import { expectTypeOf } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import {
  channel,
  defineContract,
  findEvent,
  latest,
  parseAddress,
  volatile,
  type Address,
  type AddressOf,
  type ChannelName,
  type Contract,
  type EndData,
  type EndName,
  type EventData,
  type EventType,
  type ModeOf,
  type Params,
  type SnapshotName,
  type SnapshotState,
} from "./index.ts";
import { bigint, isoDate, mapOf, setOf } from "./codecs.ts";

const Message = z.object({ text: z.string(), sentAt: isoDate });
const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      typing: volatile(mini.object({ author: mini.string() })),
      topic: latest(z.object({ text: z.string(), until: z.optional(isoDate) }), {
        expires: 60_000,
        key: (topic) => {
          expectTypeOf(topic).toEqualTypeOf<{ text: string; until?: Date | undefined }>();
          return topic.text;
        },
      }),
    },
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
  seat: channel("halls/:hallId/seats/:seat", {
    taken: mini.object({ by: mini.string(), at: isoDate, price: bigint, tags: setOf(mini.string()) }),
    typing: z.object({ author: z.string() }),
  }),
  clock: channel("clock", { tick: z.number() }),
});
type Chat = typeof chat;

// Addresses.
expectTypeOf<Params<"halls/:hallId/seats/:seat">>().toEqualTypeOf<{ readonly hallId: string; readonly seat: string }>();
expectTypeOf(chat.room).parameters.toEqualTypeOf<[params: { readonly roomId: string }]>();
expectTypeOf(chat.clock).parameters.toEqualTypeOf<[]>();
expectTypeOf(chat.room({ roomId: "lobby" })).toEqualTypeOf<Address<"room", "rooms/:roomId">>();
expectTypeOf<ChannelName<Chat>>().toEqualTypeOf<"room" | "seat" | "clock">();
const parsed = parseAddress(chat, "rooms/lobby");
expectTypeOf(parsed).toEqualTypeOf<AddressOf<Chat, "room" | "seat" | "clock"> | null>();
if (parsed?.name === "seat") expectTypeOf(parsed.params.hallId).toBeString();
// @ts-expect-error Property 'roomId' does not exist: an address of several channels must be narrowed by its name
void parsed?.params.roomId;
// @ts-expect-error Property 'roomId' is missing
chat.room({});
// @ts-expect-error 'roomID' does not exist in type 'Params<"rooms/:roomId">'. Did you mean to write 'roomId'?
chat.room({ roomID: "lobby" });
// @ts-expect-error Expected 0 arguments, but got 1.
chat.clock({});

// Events.
expectTypeOf<EventType<Chat, "room">>().toEqualTypeOf<"message" | "typing" | "topic">();
expectTypeOf<EventType<Chat, "room" | "seat">>().toEqualTypeOf<"typing">();
expectTypeOf<EventData<Chat, "room", "message">>().toEqualTypeOf<{ text: string; sentAt: Date }>();
expectTypeOf<EventData<Chat, "room", "typing">>().toEqualTypeOf<{ author: string }>();
expectTypeOf<EventData<Chat, "seat", "taken">>().toEqualTypeOf<{
  by: string;
  at: Date;
  price: bigint;
  tags: Set<string>;
}>();
expectTypeOf<EventData<Chat, "clock", "tick">>().toEqualTypeOf<number>();

// Modes.
expectTypeOf<ModeOf<Chat["room"]["events"]["message"]>>().toEqualTypeOf<"reliable">();
expectTypeOf<ModeOf<Chat["room"]["events"]["typing"]>>().toEqualTypeOf<"volatile">();
expectTypeOf<ModeOf<Chat["room"]["events"]["topic"]>>().toEqualTypeOf<"latest">();

// Snapshots.
expectTypeOf<SnapshotName<Chat>>().toEqualTypeOf<"room">();
expectTypeOf<SnapshotState<Chat, "room">>().toEqualTypeOf<{ messages: { text: string; sentAt: Date }[] }>();
expectTypeOf<SnapshotState<Chat, "clock">>().toEqualTypeOf<never>();

// Ends.
const jobs = defineContract({
  job: channel("jobs/:jobId", { progress: z.number() }, { end: z.object({ at: isoDate }) }),
  both: channel("both", {}, { snapshot: z.string(), end: z.null() }),
  clock: channel("clock", { tick: z.number() }),
});
type Jobs = typeof jobs;
expectTypeOf<EndName<Jobs>>().toEqualTypeOf<"job" | "both">();
expectTypeOf<EndData<Jobs, "job">>().toEqualTypeOf<{ at: Date }>();
expectTypeOf<EndData<Jobs, "clock">>().toEqualTypeOf<never>();
expectTypeOf<SnapshotName<Jobs>>().toEqualTypeOf<"both">();
expectTypeOf<EventType<Jobs, "job">>().toEqualTypeOf<"progress">();
// @ts-expect-error Object literal may only specify known properties, and 'ends' does not exist
channel("jobs/:jobId", {}, { ends: z.null() });

// A codec has its decoded type in the program and the wire's type in JSON, in zod and zod/mini, also when nested.
const ownCodec = z.codec(z.string(), z.number(), { decode: Number, encode: String });
const nested = z.object({ byDay: mapOf(isoDate, setOf(bigint)), own: z.array(ownCodec), maybe: z.optional(bigint) });
expectTypeOf<z.output<typeof nested>>().toEqualTypeOf<{
  byDay: Map<Date, Set<bigint>>;
  own: number[];
  maybe?: bigint | undefined;
}>();
expectTypeOf<z.input<typeof nested>>().toEqualTypeOf<{
  byDay: [string, string[]][];
  own: string[];
  maybe?: string | undefined;
}>();

// Server and client build on this: the address names the channel, and the compiler derives everything else.
declare function publish<C extends Contract, Name extends ChannelName<C>, Type extends EventType<C, Name>>(
  contract: C,
  address: AddressOf<C, Name>,
  type: Type,
  data: EventData<C, Name, Type>,
): void;
declare const either: AddressOf<Chat, "room" | "seat">;
publish(chat, chat.room({ roomId: "lobby" }), "message", { text: "hi", sentAt: new Date() });
publish(chat, either, "typing", { author: "ada" });
// @ts-expect-error Argument of type '"mention"' is not assignable to type '"message" | "typing" | "topic"'.
publish(chat, chat.room({ roomId: "lobby" }), "mention", { by: "ada" });
// @ts-expect-error 'text' does not exist in type '{ author: string; }': another event's data
publish(chat, chat.room({ roomId: "lobby" }), "typing", { text: "hi", sentAt: new Date() });
// @ts-expect-error Type 'string' is not assignable to type 'Date': the wire's type is not the program's
publish(chat, chat.room({ roomId: "lobby" }), "message", { text: "hi", sentAt: new Date().toISOString() });
// @ts-expect-error 'color' does not exist in type '{ text: string; sentAt: Date; }'
publish(chat, chat.room({ roomId: "lobby" }), "message", { text: "hi", sentAt: new Date(), color: "red" });
// @ts-expect-error Argument of type '"message"' is not assignable to type '"typing"': only one of the two has it
publish(chat, either, "message", { text: "hi", sentAt: new Date() });

// The same types inside generic code.
export function definitionOf<C extends Contract, Name extends ChannelName<C>>(
  contract: C,
  address: AddressOf<C, Name>,
  type: EventType<C, Name>,
): string {
  return findEvent(contract, address, type).mode + address.path + type;
}

// Inference does not depend on the order of options.
latest(z.object({ symbol: z.string() }), { key: (price) => price.symbol, expires: 1 });
latest(z.object({ symbol: z.string() }), { expires: 1, key: (price) => price.symbol });
latest(z.object({ symbol: z.string() }), {
  expires: 1,
  key: (price) => {
    // @ts-expect-error Property 'symbl' does not exist on type '{ symbol: string; }'. Did you mean 'symbol'?
    void price.symbl;
    return price.symbol;
  },
});

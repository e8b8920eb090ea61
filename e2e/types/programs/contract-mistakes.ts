// Every mistake here must fail to compile, with the message in the comment above it. `editors.test.ts` compares.
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-return -- what does not compile has no type */
import { z } from "zod";
import * as mini from "zod/mini";
import { z as z3 } from "zod/v3";
import {
  channel,
  defineContract,
  latest,
  volatile,
  type AddressOf,
  type ChannelName,
  type Contract,
  type EventData,
  type EventType,
  type SnapshotName,
  type SnapshotState,
} from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";

const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: z.object({ text: z.string(), sentAt: isoDate }),
      typing: volatile(mini.object({ author: mini.string() })),
    },
    { snapshot: z.object({ messages: z.array(z.string()) }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: mini.object({ by: mini.string() }) }),
  clock: channel("clock", { tick: z.number() }),
});

declare function publish<C extends Contract, Name extends ChannelName<C>, Type extends EventType<C, Name>>(
  contract: C,
  address: AddressOf<C, Name>,
  type: Type,
  data: EventData<C, Name, Type>,
): void;
const lobby = chat.room({ roomId: "lobby" });
const sentAt = new Date();

// Params.
// error: Expected 1 arguments, but got 0.
chat.room();
// error: Property 'roomId' is missing in type '{}' but required in type 'Params<"rooms/:roomId">'.
chat.room({});
// error: …'roomID' does not exist in type 'Params<"rooms/:roomId">'. Did you mean to write 'roomId'?
chat.room({ roomID: "lobby" });
// error: …'floor' does not exist in type 'Params<"rooms/:roomId">'.
chat.room({ roomId: "lobby", floor: "2" });
// error: Type 'number' is not assignable to type 'string'.
chat.room({ roomId: 7 });
// error: Expected 0 arguments, but got 1.
chat.clock({ zone: "utc" });
// error: …Did you mean 'room'?
chat.rooms({ roomId: "lobby" });

// Event types.
// error: Argument of type '"mesage"' is not assignable to parameter of type '"message" | "typing"'.
publish(chat, lobby, "mesage", { text: "hi", sentAt });
// error: Argument of type '"mention"' is not assignable to parameter of type '"message" | "typing"'.
publish(chat, lobby, "mention", { by: "ada" });

// Data.
// error: Type 'number' is not assignable to type 'string'.
publish(chat, lobby, "message", { text: 1, sentAt });
// error: Type 'string' is not assignable to type 'Date'.
publish(chat, lobby, "message", { text: "hi", sentAt: "2024-01-01T00:00:00.000Z" });
// error: …'color' does not exist in type '{ text: string; sentAt: Date; }'.
publish(chat, lobby, "message", { text: "hi", sentAt, color: "red" });
// error: Property 'sentAt' is missing in type '{ text: string; }' but required in type
publish(chat, lobby, "message", { text: "hi" });
// error: …'autor' does not exist in type '{ author: string; }'. Did you mean to write 'author'?
publish(chat, lobby, "typing", { autor: "ada" });

// error: …'text' does not exist in type '{ author: string; }'.
publish(chat, lobby, "typing", { text: "hi", sentAt });

// Addresses.
// error: Type '"rom"' is not assignable to type …. Did you mean '"room"'?
publish(chat, { name: "rom", params: { roomId: "lobby" }, path: "rooms/lobby" }, "message", { text: "hi", sentAt });
declare const either: AddressOf<typeof chat, "room" | "inbox">;
// error: Argument of type …is not assignable to parameter of type 'never'.
publish(chat, either, "message", { text: "hi", sentAt });
// error: Property 'roomId' does not exist on type 'Params<"rooms/:roomId"> | Params<"users/:userId/inbox">'.
void either.params.roomId;

// Snapshots.
// error: Type '"inbox"' is not assignable to type '"room"'.
export const name: SnapshotName<typeof chat> = "inbox";
// error: Type 'number' is not assignable to type 'string'.
export const state: SnapshotState<typeof chat, "room"> = { messages: [1] };

// Definitions.
// error: Property 'symbl' does not exist on type '{ symbol: string; }'. Did you mean 'symbol'?
latest(z.object({ symbol: z.string() }), { key: (price) => price.symbl });
// error: Type '(price: { cents: number; }) => number' is not assignable to type '(data: { cents: number; }) => string'.
latest(z.object({ cents: z.number() }), { key: (price) => price.cents });
// error: …'expire' does not exist in type 'LatestOptions<string>'. Did you mean to write 'expires'?
latest(z.string(), { expire: 5 });
// error: Type 'string' is not assignable to type …Zod4Schema
channel("rooms/:roomId", { message: "text" });
// error: …'snapshots' does not exist in type 'ChannelOptions<never, never>'. Did you mean to write 'snapshot'?
channel("rooms/:roomId", { message: z.string() }, { snapshots: z.string() });
// error: …'message' does not exist in type 'ChannelDefinition<string,
defineContract({ room: { message: z.string() } });
// error: Argument of type '"/rooms/:roomId"' is not assignable to parameter of type '"rooms/:roomId"'.
channel("/rooms/:roomId", { message: z.string() });
// error: Argument of type '"rooms/:roomId/"' is not assignable to parameter of type '"rooms/:roomId"'.
channel("rooms/:roomId/", { message: z.string() });

// Schemas of zod 3.
// error: Type 'ZodString' is not assignable to type …Zod4Schema
channel("rooms/:roomId", { message: z3.string() });
// error: Property '_zod' is missing in type 'ZodString' but required in type 'Zod4Schema'.
channel("rooms/:roomId", { message: z.string() }, { snapshot: z3.string() });
// error: Property '_zod' is missing in type 'ZodBoolean' but required in type 'Zod4Schema'.
latest(z3.boolean());
// error: Property '_zod' is missing in type 'ZodNumber' but required in type 'Zod4Schema'.
volatile(z3.number());

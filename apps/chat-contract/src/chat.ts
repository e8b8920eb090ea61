import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import * as z from "zod/mini";
import { Name, RoomName, Text, Topic } from "./words.ts";

/** One message of a room. Its id is its own, not its place in the log: a snapshot and an event tell of the same message by it. */
export const Message = z.object({
  id: z.string(),
  /** 1, 2, 3 … within its room, without holes: what is unread is the newest number less the number that was read. */
  number: z.number(),
  author: Name,
  text: Text,
  /** Who is named in the text with an `@`. */
  mentions: z.array(Name),
  /** A `Date` in the program, ISO text on the wire. */
  sentAt: isoDate,
});
export type Message = z.infer<typeof Message>;

export const Room = z.object({ id: z.string(), name: RoomName });
export type Room = z.infer<typeof Room>;

/** Somebody's place in a room: a member or not, and up to which message they have read. */
export const Place = z.object({ roomId: z.string(), joined: z.boolean(), read: z.number() });
export type Place = z.infer<typeof Place>;

/** Somebody was named in a message. */
export const Mention = z.object({
  roomId: z.string(),
  roomName: RoomName,
  messageId: z.string(),
  number: z.number(),
  by: Name,
  text: Text,
});
export type Mention = z.infer<typeof Mention>;

/** What may be said in the chat, and where. Server and page share it. */
export const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      typing: volatile(z.object({ author: Name })),
      topic: latest(z.object({ text: Topic, by: Name })),
    },
    // The newest messages, oldest first.
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
  /** Which rooms there are. */
  directory: channel("rooms", { opened: Room }, { snapshot: z.object({ rooms: z.array(Room) }) }),
  /** What concerns one person, in all of their tabs. */
  inbox: channel(
    "users/:userId/inbox",
    { mention: Mention, place: Place },
    // Every place, and the mentions that are not read yet, oldest first.
    { snapshot: z.object({ places: z.array(Place), mentions: z.array(Mention) }) },
  ),
  /** Who is here: one value for each person and server process, renewed while a stream of theirs is open there. */
  presence: channel("presence", {
    online: latest(z.object({ name: Name, server: z.string() }), {
      key: ({ name, server }) => `${server}/${name}`,
      expires: 24_000,
    }),
  }),
});

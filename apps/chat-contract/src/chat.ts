import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import * as z from "zod/mini";
import { Name, RoomName, Text, Topic } from "./words.ts";

/**
 * One message of a room. The id is the message's own, not its position in the log: a snapshot and an event can carry
 * the same message, and the id shows that it is the same.
 */
export const Message = z.object({
  id: z.string(),
  /**
   * 1, 2, 3 … within the room, without holes. The number of unread messages is the newest number minus the read one.
   */
  number: z.number(),
  author: Name,
  text: Text,
  /** The names of the people who are mentioned in the text with an `@`. */
  mentions: z.array(Name),
  /** A `Date` in the program, ISO text on the wire. */
  sentAt: isoDate,
});
export type Message = z.infer<typeof Message>;

/** A room of the chat. */
export const Room = z.object({ id: z.string(), name: RoomName });
export type Room = z.infer<typeof Room>;

/**
 * One person's membership of one room: whether they have joined it, and the number of the last message that they have
 * read (0 for none). The wire calls it `place`.
 */
export const Membership = z.object({ roomId: z.string(), joined: z.boolean(), read: z.number() });
export type Membership = z.infer<typeof Membership>;

/** One person was mentioned in a message. */
export const Mention = z.object({
  roomId: z.string(),
  roomName: RoomName,
  messageId: z.string(),
  number: z.number(),
  by: Name,
  text: Text,
});
export type Mention = z.infer<typeof Mention>;

/** The channels and events of the chat. Server and page share this contract. */
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
  /** The list of all rooms. */
  directory: channel("rooms", { opened: Room }, { snapshot: z.object({ rooms: z.array(Room) }) }),
  /** Events for one person. All tabs of the person receive them. */
  inbox: channel(
    "users/:userId/inbox",
    { mention: Mention, place: Membership },
    // All memberships, and the mentions that are still unread, oldest first.
    { snapshot: z.object({ places: z.array(Membership), mentions: z.array(Mention) }) },
  ),
  /**
   * Who is online: one value for each person and server process. The server renews the value while the person has an
   * open stream there.
   */
  presence: channel("presence", {
    online: latest(z.object({ name: Name, server: z.string() }), {
      key: ({ name, server }) => `${server}/${name}`,
      expires: 24_000,
    }),
  }),
});

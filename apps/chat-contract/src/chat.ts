import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { peopleChannel, serversChannel } from "@tidings/contract/presence";
import * as z from "zod/mini";
import { AnswerEnd, Word } from "./answer.ts";
import { Answered, Deleted, Edited, Message, Reacted } from "./message.ts";
import { Name, RoomName, Text, Topic } from "./words.ts";

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
      edited: Edited,
      deleted: Deleted,
      reacted: Reacted,
      answered: Answered,
      typing: volatile(z.object({ author: Name })),
      topic: latest(z.object({ text: Topic, by: Name })),
    },
    // The newest messages, oldest first.
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
  /**
   * The words of an answer while the assistant writes it. Its id is that of its message. Afterwards the message has all
   * of the text, and nobody needs this channel any more.
   */
  answer: channel("answers/:answerId", { word: Word }, { end: AnswerEnd }),
  /** The list of all rooms. */
  directory: channel("rooms", { opened: Room }, { snapshot: z.object({ rooms: z.array(Room) }) }),
  /** Events for one person. All tabs of the person receive them. */
  inbox: channel(
    "users/:userId/inbox",
    {
      // Comes again when the text has changed.
      mention: Mention,
      /** The message was deleted, or its new text does not mention the person. */
      unmentioned: z.object({ messageId: z.string() }),
      place: Membership,
    },
    // All memberships, and the mentions that are still unread, oldest first.
    { snapshot: z.object({ places: z.array(Membership), mentions: z.array(Mention) }) },
  ),
  /** Who is online. The ids of viewers are their names. */
  presence: peopleChannel("presence"),
  /** The server processes of the chat that are alive. */
  servers: serversChannel("servers"),
});

import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import * as z from "zod/mini";
import { Name, Text } from "./words.ts";

/** One message of a room. Its id is its own, not its place in the log: a snapshot and an event tell of the same message by it. */
export const Message = z.object({
  id: z.string(),
  author: Name,
  text: Text,
  /** A `Date` in the program, ISO text on the wire. */
  sentAt: isoDate,
});
export type Message = z.infer<typeof Message>;

/** What may be said in the chat, and where. Server and page share it. */
export const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      typing: volatile(z.object({ author: Name })),
      topic: latest(z.object({ text: z.string() })),
    },
    // The newest messages, oldest first.
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
});

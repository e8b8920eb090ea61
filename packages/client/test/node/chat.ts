// What a page of a chat loads of Tidings: `npm run sizes` says how large it is.
import { createClient } from "@tidings/client";
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import * as z from "zod/mini";

const Message = z.object({ id: z.string(), author: z.string(), text: z.string(), sentAt: isoDate });
const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      typing: volatile(z.object({ author: z.string() })),
      topic: latest(z.object({ text: z.string() })),
    },
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: z.object({ roomId: z.string(), by: z.string() }) }),
});

export const client = createClient(chat, { url: "/events" });

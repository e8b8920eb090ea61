import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import type { Hub } from "@tidings/server";
import * as z from "zod/mini";

const Message = z.object({ author: z.string(), text: z.string(), sentAt: isoDate });
/** The contract of the document, for the types below. */
export const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      topic: latest(z.object({ text: z.string() })),
      typing: volatile(z.object({ author: z.string() })),
    },
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
});
export declare const hub: Hub<typeof chat>;

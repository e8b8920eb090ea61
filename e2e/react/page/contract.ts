import { channel, defineContract, latest } from "@tidings/contract";
import { z } from "zod";

export const Message = z.object({ id: z.string(), author: z.string(), text: z.string() });
export type Message = z.infer<typeof Message>;

export const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    { message: Message, topic: latest(z.object({ text: z.string() })) },
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
});

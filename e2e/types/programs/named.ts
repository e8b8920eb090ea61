// `editors.test.ts` asks an editor about the names in this program, whose schemas say the names of their data.
import { createClient } from "@tidings/client";
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { z } from "zod";

interface Message {
  id: string;
  author: string;
  text: string;
  sentAt: Date;
}
interface Edited {
  id: string;
  text: string;
}
interface Topic {
  text: string;
}
interface Typing {
  author: string;
}
interface RoomState {
  messages: Message[];
  members: string[];
}
const Message: z.ZodType<Message> = z.object({ id: z.string(), author: z.string(), text: z.string(), sentAt: isoDate });
const Edited: z.ZodType<Edited> = z.object({ id: z.string(), text: z.string() });
const Topic: z.ZodType<Topic> = z.object({ text: z.string() });
const Typing: z.ZodType<Typing> = z.object({ author: z.string() });
const RoomState: z.ZodType<RoomState> = z.object({ messages: z.array(Message), members: z.array(z.string()) });

const named = defineContract({
  room: channel(
    "rooms/:roomId",
    { message: Message, edited: Edited, topic: latest(Topic), typing: volatile(Typing) },
    { snapshot: RoomState },
  ),
});
const client = createClient(named, { url: "/events" });

client.subscribe(named.room({ roomId: "lobby" }), { snapshot: () => {}, message: ({ text }) => text });

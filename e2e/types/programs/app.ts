// A contract of the size that applications have.
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { z } from "zod";

const Message = z.object({ id: z.string(), author: z.string(), text: z.string(), sentAt: isoDate });

export const app = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      edited: z.object({ id: z.string(), text: z.string() }),
      topic: latest(z.object({ text: z.string() })),
      typing: volatile(z.object({ author: z.string() })),
    },
    { snapshot: z.object({ messages: z.array(Message), members: z.array(z.string()) }) },
  ),
  inbox: channel("users/:userId/inbox", {
    mention: z.object({ roomId: z.string(), by: z.string() }),
    unread: z.number(),
  }),
  presence: channel("rooms/:roomId/presence", { member: latest(z.object({ name: z.string(), since: isoDate })) }),
  board: channel(
    "boards/:boardId",
    { moved: z.object({ card: z.string(), to: z.string() }) },
    { snapshot: z.array(z.string()) },
  ),
  price: channel("prices/:market/:symbol", { quote: latest(z.object({ bid: z.number(), ask: z.number() })) }),
  order: channel("orders/:orderId", { state: latest(z.enum(["open", "paid", "sent"])), note: z.string() }),
  job: channel("jobs/:jobId", { progress: volatile(z.number()), done: z.object({ files: z.array(z.string()) }) }),
  answer: channel("answers/:answerId", { token: z.string(), done: z.object({ stopped: z.boolean() }) }),
  clock: channel("clock", { tick: latest(z.object({ now: isoDate })) }),
  news: channel("news/:language", {
    story: z.object({ title: z.string(), body: z.string(), tags: z.array(z.string()) }),
  }),
});

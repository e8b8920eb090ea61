import { channel, defineContract } from "@tidings/contract";
import { createTestKit, take } from "@tidings/testing";
import { z } from "zod";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });

test("an event arrives", async () => {
  const kit = await createTestKit(chat);
  const room = chat.room({ roomId: "lobby" });
  const events = kit.client.events(room);
  await kit.hub.publish(room, "message", { text: "hi" });
  expect(await take(events, 1)).toMatchObject([{ data: { text: "hi" } }]);
  await kit[Symbol.asyncDispose]();
});

const { channel, defineContract } = require("@tidings/contract");
const { createTestKit, take } = require("@tidings/testing");
const { z } = require("zod");

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });

test("an event arrives", async () => {
  const kit = await createTestKit(chat);
  const room = chat.room({ roomId: "lobby" });
  const events = kit.client.events(room);
  await kit.hub.publish(room, "message", { text: "hi" });
  expect(await take(events, 1)).toMatchObject([{ data: { text: "hi" } }]);
  await kit[Symbol.asyncDispose]();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, UNCHANGED } from "@tidings-apps/chat-contract";
import { createTestKit, take } from "@tidings/testing";

// test-kit.test.ts runs this file: the kit depends on no test runner, so it works with that of Node.

const room = chat.room({ roomId: "lobby" });

void test("the test kit works with node:test", async () => {
  await using kit = await createTestKit(chat);
  const events = kit.client.events(room);
  kit.network.drop();
  const sentAt = new Date(0);
  const message = { id: "1", number: 1, author: "ada", text: "hi", mentions: [], sentAt, ...UNCHANGED };
  await kit.hub.publish(room, "message", message);
  const [event] = await take(events, 1);
  assert.equal(event?.type, "message");
});

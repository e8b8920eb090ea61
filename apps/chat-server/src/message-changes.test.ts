import { REACTIONS, UNCHANGED, type Emoji } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { react } from "./message-changes.ts";
import { tablesIn } from "./tables.ts";

const room = { id: "lobby", name: "Lobby" };

test("a message has 100 reactions at most; one more is refused, and taking one back makes room", async () => {
  const tx = { ...tablesIn(openSqliteDatabase(":memory:")), publish: async () => {}, end: async () => {} };
  const message = { id: "m", number: 1, author: "ada", text: "hi", mentions: [], sentAt: new Date(), ...UNCHANGED };
  await tx.messages.add(room.id, message, null);
  const set = (person: string, emoji: Emoji, isOn = true) => react(tx, { room, messageId: "m", person }, emoji, isOn);
  for (let index = 0; index < 16; index++) for (const emoji of REACTIONS) await set(`p${index}`, emoji);
  for (const emoji of REACTIONS.slice(0, 4)) await set("ada", emoji);
  await expect(set("ada", "😢")).rejects.toMatchObject({
    status: 409,
    message: "Expected a message to have at most 100 reactions; it has as many already.",
  });
  await set("p0", "👍", false);
  await set("ada", "😢");
  const found = await tx.messages.find(room.id, "m");
  const count = found?.reactions.reduce((sum, { people }) => sum + people.length, 0);
  expect(count).toBe(100);
});

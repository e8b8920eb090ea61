import { UNCHANGED } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { tablesIn } from "./tables.ts";

test("unread mentions are listed oldest first, with the text of the message, until they are read", async () => {
  const { rooms, messages, mentions } = tablesIn(openSqliteDatabase(":memory:"));
  await rooms.add("Tea");
  for (const [roomId, number] of [
    ["lobby", 1],
    ["tea", 1],
    ["lobby", 2],
    ["lobby", 3],
  ] as const) {
    const id = `${roomId} ${number}`;
    const message = { id, number, author: "bo", text: "@ada!", mentions: ["ada"], sentAt: new Date(), ...UNCHANGED };
    await messages.add(roomId, message, null);
    await mentions.add("ada", roomId, number);
  }
  const ids = async (count = 100) => (await mentions.unread("ada", count)).map(({ messageId }) => messageId);
  expect(await ids()).toEqual(["lobby 1", "tea 1", "lobby 2", "lobby 3"]);
  expect(await ids(2)).toEqual(["lobby 2", "lobby 3"]);
  await mentions.remove("ada", "lobby", 2);
  expect(await mentions.unread("ada", 100)).toEqual([
    { roomId: "tea", roomName: "Tea", messageId: "tea 1", number: 1, by: "bo", text: "@ada!" },
    { roomId: "lobby", roomName: "Lobby", messageId: "lobby 3", number: 3, by: "bo", text: "@ada!" },
  ]);
  expect(await mentions.unread("bo", 100)).toEqual([]);
});

import { UNCHANGED, type Message } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { messagesIn } from "./messages.ts";

const message = (number: number, text = "hi", author = "ada"): Message => ({
  id: String(number),
  number,
  author,
  text,
  mentions: ["bo"],
  sentAt: new Date(1_000 * number),
  ...UNCHANGED,
});

test("the newest messages are listed oldest first, each with its text unchanged", async () => {
  const messages = messagesIn(openSqliteDatabase(":memory:"));
  const sent = ["plain", "with\u0000NUL", "👩‍🚀\n'\";--"].map((text, index) => message(index + 1, text));
  for (const each of sent) await messages.add("lobby", each, null);
  expect(await messages.newest("lobby", 2)).toEqual(sent.slice(1));
  expect(await messages.newest("lobby", 50)).toEqual(sent);
  expect(await messages.lastNumber("lobby")).toBe(3);
  expect([await messages.newest("elsewhere", 50), await messages.lastNumber("elsewhere")]).toEqual([[], 0]);
});

test("a key belongs to one author in one room, and may have any characters", async () => {
  const messages = messagesIn(openSqliteDatabase(":memory:"));
  await messages.add("lobby", message(1), "k\u0000a");
  expect(await messages.findByKey("lobby", "ada", "k\u0000a")).toEqual(message(1));
  for (const [room, author, key] of [
    ["lobby", "bo", "k\u0000a"],
    ["tea", "ada", "k\u0000a"],
    ["lobby", "ada", "k"],
    ["lobby", "ada", "k\u0000b"],
  ] as const) {
    expect(await messages.findByKey(room, author, key)).toBeNull();
  }
});

test("a number or a key that is already taken is refused", async () => {
  const messages = messagesIn(openSqliteDatabase(":memory:"));
  await messages.add("lobby", message(1), "k");
  await expect(messages.add("lobby", { ...message(1), id: "another" }, null)).rejects.toThrow(/UNIQUE/);
  await expect(messages.add("lobby", message(2), "k")).rejects.toThrow(/UNIQUE/);
});

test("a changed message is stored with its change", async () => {
  const messages = messagesIn(openSqliteDatabase(":memory:"));
  await messages.add("lobby", message(1), "k");
  const at = new Date(5_000);
  const reactions = [{ emoji: "👍" as const, people: ["bo", "cy"] }];
  const changed = { ...message(1, "new"), mentions: [], revision: 2, editedAt: at, deletedAt: at, reactions };
  await messages.change(changed);
  expect(await messages.find("lobby", "1")).toEqual(changed);
  expect(await messages.findByKey("lobby", "ada", "k")).toEqual(changed);
  expect([await messages.find("lobby", "2"), await messages.find("tea", "1")]).toEqual([null, null]);
});

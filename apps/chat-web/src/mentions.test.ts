import type { Mention } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { Mentions } from "./mentions.ts";

const mention = (number: number, roomId = "lobby"): Mention => ({
  roomId,
  roomName: "Lobby",
  messageId: `${roomId}-${number}`,
  number,
  by: "bo",
  text: "@ada",
});

test("a mention is new once, and stays until it is read", () => {
  const mentions = new Mentions();
  expect(mentions.add(mention(4))).toBe(true);
  expect(mentions.add(mention(4))).toBe(false);
  mentions.markRead({ roomId: "lobby", read: 3 });
  mentions.markRead({ roomId: "ops", read: 9 });
  expect(mentions.countIn("lobby")).toBe(1);
  mentions.markRead({ roomId: "lobby", read: 4 });
  expect(mentions.countIn("lobby")).toBe(0);
  expect(mentions.add(mention(4))).toBe(false);
});

test("the first snapshot announces nothing, and a later one announces what came during a gap", () => {
  const mentions = new Mentions();
  expect(mentions.replace([mention(1)])).toEqual([]);
  expect(mentions.isUnread("lobby-1")).toBe(true);
  expect(mentions.replace([mention(1), mention(2, "ops")])).toEqual([mention(2, "ops")]);
  expect(mentions.replace([])).toEqual([]);
  expect(mentions.countIn("ops")).toBe(0);
});

test("a mention follows the text of its message, and goes away with it", () => {
  const mentions = new Mentions();
  mentions.add(mention(1));
  mentions.add(mention(2));
  expect(mentions.add({ ...mention(1), text: "@ada, please" })).toBe(false);
  expect(mentions.list().map(({ text }) => text)).toEqual(["@ada", "@ada, please"]);
  mentions.remove("lobby-1");
  expect(mentions.list()).toEqual([mention(2)]);
  // The message mentions her again.
  expect(mentions.add(mention(1))).toBe(true);
  mentions.markRead({ roomId: "lobby", read: 2 });
  mentions.add({ ...mention(1), text: "changed after it was read" });
  expect(mentions.list()).toEqual([]);
});

import { expect, test } from "vitest";
import { chat } from "./chat.ts";
import { MAX_NAME, MAX_ROOM_NAME, MAX_TEXT, MAX_TOPIC, Name, RoomName, Text, Topic } from "./words.ts";

test.for([
  ["a name", Name, MAX_NAME],
  ["a room's name", RoomName, MAX_ROOM_NAME],
] as const)("%s is one line without spaces around it", ([, schema, max]) => {
  for (const name of ["a", "Ada Lovelace", "李小龍", "👩‍🚀", "<b>", "x".repeat(max)]) {
    expect(schema.safeParse(name).success, name).toBe(true);
  }
  for (const name of ["", " ", " a", "a ", "a\nb", "a\u0000", "a\u2028b", "x".repeat(max + 1)]) {
    expect(schema.safeParse(name).success, JSON.stringify(name)).toBe(false);
  }
});

test("a name fits into the address of its inbox; a text that does not fit is not a name", () => {
  const longest = `${"龍".repeat(22)}ab`;
  expect(Name.safeParse(longest).success).toBe(true);
  expect(chat.inbox({ userId: longest }).path).toHaveLength("users//inbox".length + 200);
  for (const name of [`${longest}c`, "龍".repeat(23), "\ud83d", "a\udc00b"]) {
    expect(Name.safeParse(name).success, JSON.stringify(name)).toBe(false);
    expect(RoomName.safeParse(name).success, JSON.stringify(name)).toBe(false);
  }
});

test("a topic is one line or empty", () => {
  for (const topic of ["", "What we do today", "x".repeat(MAX_TOPIC)]) {
    expect(Topic.safeParse(topic).success).toBe(true);
  }
  for (const topic of ["a\nb", "a\u0000", "x".repeat(MAX_TOPIC + 1)]) {
    expect(Topic.safeParse(topic).success).toBe(false);
  }
});

test("a text is not only white space, and has a largest length", () => {
  for (const text of ["a", "  a\n", "😀", "x".repeat(MAX_TEXT)]) {
    expect(Text.safeParse(text).success).toBe(true);
  }
  for (const text of ["", " \n\t\u00a0", "x".repeat(MAX_TEXT + 1)]) {
    expect(Text.safeParse(text).success).toBe(false);
  }
});

test("the addresses have the paths that scripts use", () => {
  expect(chat.room({ roomId: "lobby" }).path).toBe("rooms/lobby");
  expect(chat.directory().path).toBe("rooms");
  expect(chat.inbox({ userId: "Ada Lovelace" }).path).toBe("users/Ada%20Lovelace/inbox");
  expect(chat.presence().path).toBe("presence");
});

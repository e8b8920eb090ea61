import { expect, test } from "vitest";
import { memoryRooms } from "./room-store.ts";

test("the newest messages are told oldest first", () => {
  const rooms = memoryRooms(["lobby"]);
  for (const text of ["1", "2", "3"]) rooms.add("lobby", { author: "ada", text });
  expect(rooms.newest("lobby", 2).map(({ text }) => text)).toEqual(["2", "3"]);
  expect(rooms.newest("elsewhere", 2)).toEqual([]);
});

test("a room is bounded, and forgets the keys of the messages that it has forgotten", () => {
  const rooms = memoryRooms(["lobby"]);
  const first = rooms.add("lobby", { author: "ada", text: "1", idempotencyKey: "k" });
  for (let index = 0; index < 999; index++) rooms.add("lobby", { author: "bo", text: String(index) });
  expect(rooms.add("lobby", { author: "ada", text: "1", idempotencyKey: "k" })).toBe(first);
  rooms.add("lobby", { author: "bo", text: "999" });
  expect(rooms.newest("lobby", 2_000)).toHaveLength(1_000);
  expect(rooms.add("lobby", { author: "ada", text: "1", idempotencyKey: "k" })).not.toBe(first);
});

test("names and keys do not run into each other", () => {
  const rooms = memoryRooms(["lobby"]);
  const first = rooms.add("lobby", { author: 'a","b', text: "1", idempotencyKey: "c" });
  expect(rooms.add("lobby", { author: "a", text: "2", idempotencyKey: 'b","c' })).not.toBe(first);
});

import { UNCHANGED } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { tablesIn } from "./tables.ts";

const openTables = () => tablesIn(openDatabase(":memory:"));

test("a new database has a lobby", () => {
  expect(openTables().rooms.all()).toEqual([{ id: "lobby", name: "Lobby" }]);
});

test.for<[name: string, id: string]>([
  ["Tea room", "tea-room"],
  ["  Café – Über & Co. ", "cafe-uber-co"],
  ["Ｆｕｌｌ", "full"],
  ["李小龍", "room"],
  ["__proto__", "proto"],
  ["x".repeat(60), "x".repeat(60)],
])("the id of %j is a slug: %s", ([name, id]) => {
  expect(openTables().rooms.add(name)).toEqual({ id, name });
});

test("rooms whose names give the same slug have different ids", () => {
  const { rooms } = openTables();
  expect(["Tea!", "Tea?", "Tea."].map((name) => rooms.add(name).id)).toEqual(["tea", "tea-2", "tea-3"]);
});

test("a slug that another room has as its own is skipped", () => {
  const { rooms } = openTables();
  expect(["Tea 2", "Tea", "Tea!", "Tea?"].map((name) => rooms.add(name).id)).toEqual([
    "tea-2",
    "tea",
    "tea-3",
    "tea-4",
  ]);
});

test("the 3,000th room of one slug costs as much as the first", () => {
  const { rooms } = openTables();
  const milliseconds = Array.from({ length: 10 }, (_, block) => {
    const begun = performance.now();
    for (let index = 0; index < 300; index++) rooms.add(String.fromCodePoint(0x4e00 + 300 * block + index));
    return performance.now() - begun;
  });
  // The first block has the start-up of the process. If each room tried all ids, the last block would take 30 times as
  // long as the second.
  expect(Math.min(...milliseconds.slice(-3))).toBeLessThan(6 * Math.min(...milliseconds.slice(1, 4)));
});

test("a room is found by its name in upper or lower case and in full or half width", () => {
  const { rooms } = openTables();
  const tea = rooms.add("Tea room");
  for (const name of ["Tea room", "TEA ROOM", "Ｔｅａ room"]) expect(rooms.findByName(name)).toEqual(tea);
  expect(rooms.findByName("Tea")).toBeNull();
});

test("an id with a NUL character after it is not found", () => {
  const { rooms } = openTables();
  expect(rooms.find("lobby")).toEqual({ id: "lobby", name: "Lobby" });
  for (const id of ["lobby\u0000x", "lobby\u0000", "Lobby", "", "__proto__"]) expect(rooms.find(id)).toBeNull();
});

test("the list has the topic, the membership and the newest number of each room, oldest room first", () => {
  const { rooms, messages, memberships } = openTables();
  rooms.add("Tea");
  rooms.setTopic("tea", { text: "Cups", by: "bo" });
  const message = { author: "bo", text: "hi", mentions: [], sentAt: new Date(), ...UNCHANGED };
  messages.add("tea", { ...message, id: "1", number: 1 }, null);
  messages.add("tea", { ...message, id: "2", number: 2 }, null);
  memberships.set("ada", { roomId: "tea", joined: true, read: 1 });
  const lobby = { id: "lobby", name: "Lobby", topic: null, joined: false, read: 0, newest: 0 };
  const tea = { id: "tea", name: "Tea", topic: { text: "Cups", by: "bo" }, newest: 2 };
  expect(rooms.listFor("ada")).toEqual([lobby, { ...tea, joined: true, read: 1 }]);
  expect(rooms.listFor("bo")).toEqual([lobby, { ...tea, joined: false, read: 0 }]);
});

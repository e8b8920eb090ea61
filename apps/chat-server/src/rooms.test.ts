import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { rowsIn } from "./rows.ts";

const open = () => rowsIn(openDatabase(":memory:"));

test("there is a lobby from the start", () => {
  expect(open().rooms.all()).toEqual([{ id: "lobby", name: "Lobby" }]);
});

test.for<[name: string, id: string]>([
  ["Tea room", "tea-room"],
  ["  Café – Über & Co. ", "cafe-uber-co"],
  ["Ｆｕｌｌ", "full"],
  ["李小龍", "room"],
  ["__proto__", "proto"],
  ["x".repeat(60), "x".repeat(60)],
])("the id of %j is a slug: %s", ([name, id]) => {
  expect(open().rooms.add(name)).toEqual({ id, name });
});

test("rooms of different names whose slugs are alike have different ids", () => {
  const { rooms } = open();
  expect(["Tea!", "Tea?", "Tea."].map((name) => rooms.add(name).id)).toEqual(["tea", "tea-2", "tea-3"]);
});

test("a room is found by its name in any capitals and widths", () => {
  const { rooms } = open();
  const tea = rooms.add("Tea room");
  for (const name of ["Tea room", "TEA ROOM", "Ｔｅａ room"]) expect(rooms.findNamed(name)).toEqual(tea);
  expect(rooms.findNamed("Tea")).toBeNull();
});

test("an id with a NUL behind it is none", () => {
  const { rooms } = open();
  expect(rooms.find("lobby")).toEqual({ id: "lobby", name: "Lobby" });
  for (const id of ["lobby\u0000x", "lobby\u0000", "Lobby", "", "__proto__"]) expect(rooms.find(id)).toBeNull();
});

test("a list has the topic, the place and the newest number of each room, oldest room first", () => {
  const { rooms, messages, places } = open();
  rooms.add("Tea");
  rooms.setTopic("tea", { text: "Cups", by: "bo" });
  const said = { author: "bo", text: "hi", mentions: [], sentAt: new Date() };
  messages.add("tea", { ...said, id: "1", number: 1 }, null);
  messages.add("tea", { ...said, id: "2", number: 2 }, null);
  places.set("ada", { roomId: "tea", joined: true, read: 1 });
  const lobby = { id: "lobby", name: "Lobby", topic: null, joined: false, read: 0, newest: 0 };
  const tea = { id: "tea", name: "Tea", topic: { text: "Cups", by: "bo" }, newest: 2 };
  expect(rooms.listFor("ada")).toEqual([lobby, { ...tea, joined: true, read: 1 }]);
  expect(rooms.listFor("bo")).toEqual([lobby, { ...tea, joined: false, read: 0 }]);
});

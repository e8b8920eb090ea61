import { expect, test } from "vitest";
import { formatCount, RoomList, unreadIn } from "./room-list.ts";

const lobby = { id: "lobby", name: "Lobby" };

test("what is unread is the newest number less the number that was read, only where one is a member", () => {
  const places = new RoomList();
  places.replaceRooms([lobby, { id: "ops", name: "Ops" }]);
  places.put({ roomId: "lobby", joined: true, read: 3 });
  for (const number of [4, 5, 4]) places.arrive("lobby", number);
  places.arrive("ops", 9);
  expect(unreadIn(places.get("lobby"))).toBe(2);
  expect(unreadIn(places.get("ops"))).toBe(0);
  expect(places.unread()).toBe(2);
  places.put({ roomId: "lobby", joined: true, read: 5 });
  expect(places.unread()).toBe(0);
});

test("a server that forgot its rooms and messages is believed", () => {
  const places = new RoomList();
  places.replaceRooms([lobby, { id: "ops", name: "Ops" }]);
  places.put({ roomId: "lobby", joined: true, read: 7 });
  places.arrive("lobby", 9);
  places.replaceRooms([lobby]);
  places.replaceMemberships([{ roomId: "lobby", joined: true, read: 0 }]);
  places.restart("lobby", 1);
  expect(places.has("ops")).toBe(false);
  expect(places.unread()).toBe(1);
});

test("a place that comes before its room counts as soon as the room is there", () => {
  const places = new RoomList();
  places.put({ roomId: "lobby", joined: true, read: 0 });
  places.arrive("lobby", 2);
  expect(places.list(true)).toEqual([]);
  places.open(lobby);
  expect(places.list(true)).toEqual([{ ...lobby, joined: true, read: 0, newest: 2 }]);
});

test("rooms are listed by name, members' rooms apart from the others", () => {
  const places = new RoomList();
  places.replaceRooms([{ id: "z", name: "Zoo" }, { id: "b", name: "bees" }, lobby]);
  places.put({ roomId: "z", joined: true, read: 0 });
  places.put({ roomId: "b", joined: true, read: 0 });
  expect(places.list(true).map(({ name }) => name)).toEqual(["bees", "Zoo"]);
  expect(places.list(false).map(({ name }) => name)).toEqual(["Lobby"]);
});

test("a count stays short", () => {
  expect([1, 99, 100, 12_345].map(formatCount)).toEqual(["1", "99", "99+", "99+"]);
});

import { expect, test } from "vitest";
import { formatCount, RoomList, unreadIn } from "./room-list.ts";

const lobby = { id: "lobby", name: "Lobby" };

test("the unread number is the newest number minus the read number, in joined rooms only", () => {
  const list = new RoomList();
  list.replaceRooms([lobby, { id: "ops", name: "Ops" }]);
  list.setMembership({ roomId: "lobby", joined: true, read: 3 });
  for (const number of [4, 5, 4]) list.raiseNewest("lobby", number);
  list.raiseNewest("ops", 9);
  expect(unreadIn(list.get("lobby"))).toBe(2);
  expect(unreadIn(list.get("ops"))).toBe(0);
  expect(list.unread()).toBe(2);
  list.setMembership({ roomId: "lobby", joined: true, read: 5 });
  expect(list.unread()).toBe(0);
});

test("the list follows a server that has lost its rooms and messages", () => {
  const list = new RoomList();
  list.replaceRooms([lobby, { id: "ops", name: "Ops" }]);
  list.setMembership({ roomId: "lobby", joined: true, read: 7 });
  list.raiseNewest("lobby", 9);
  list.replaceRooms([lobby]);
  list.replaceMemberships([{ roomId: "lobby", joined: true, read: 0 }]);
  list.setNewest("lobby", 1);
  expect(list.has("ops")).toBe(false);
  expect(list.unread()).toBe(1);
});

test("a membership that comes before its room counts once the room has come", () => {
  const list = new RoomList();
  list.setMembership({ roomId: "lobby", joined: true, read: 0 });
  list.raiseNewest("lobby", 2);
  expect(list.list(true)).toEqual([]);
  list.addRoom(lobby);
  expect(list.list(true)).toEqual([{ ...lobby, joined: true, read: 0, newest: 2 }]);
});

test("rooms are listed by name, the joined rooms separately from the others", () => {
  const list = new RoomList();
  list.replaceRooms([{ id: "z", name: "Zoo" }, { id: "b", name: "bees" }, lobby]);
  list.setMembership({ roomId: "z", joined: true, read: 0 });
  list.setMembership({ roomId: "b", joined: true, read: 0 });
  expect(list.list(true).map(({ name }) => name)).toEqual(["bees", "Zoo"]);
  expect(list.list(false).map(({ name }) => name)).toEqual(["Lobby"]);
});

test("a count stays short", () => {
  expect([1, 99, 100, 12_345].map(formatCount)).toEqual(["1", "99", "99+", "99+"]);
});

test("rooms are sorted as people count, in upper and lower case alike", () => {
  const list = new RoomList();
  list.replaceRooms(["Room 10", "tea", "Room 2", "Tea 1", "room 1"].map((name) => ({ id: name, name })));
  expect(list.list(false).map(({ name }) => name)).toEqual(["room 1", "Room 2", "Room 10", "tea", "Tea 1"]);
});

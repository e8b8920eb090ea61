import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { placesIn } from "./places.ts";

test("a place is kept per person and room, and a stranger has none", () => {
  const places = placesIn(openDatabase(":memory:"));
  expect(places.find("ada", "lobby")).toEqual({ roomId: "lobby", joined: false, read: 0 });
  places.set("ada", { roomId: "lobby", joined: true, read: 0 });
  places.set("ada", { roomId: "tea", joined: true, read: 2 });
  places.set("ada", { roomId: "lobby", joined: false, read: 3 });
  expect(places.find("ada", "lobby")).toEqual({ roomId: "lobby", joined: false, read: 3 });
  expect(places.of("ada")).toEqual([
    { roomId: "lobby", joined: false, read: 3 },
    { roomId: "tea", joined: true, read: 2 },
  ]);
  expect(places.of("bo")).toEqual([]);
});

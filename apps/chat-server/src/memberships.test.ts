import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { membershipsIn } from "./memberships.ts";

test("a membership is kept per person and room, and somebody who was never there has none", () => {
  const memberships = membershipsIn(openDatabase(":memory:"));
  expect(memberships.find("ada", "lobby")).toEqual({ roomId: "lobby", joined: false, read: 0 });
  memberships.set("ada", { roomId: "lobby", joined: true, read: 0 });
  memberships.set("ada", { roomId: "tea", joined: true, read: 2 });
  memberships.set("ada", { roomId: "lobby", joined: false, read: 3 });
  expect(memberships.find("ada", "lobby")).toEqual({ roomId: "lobby", joined: false, read: 3 });
  expect(memberships.of("ada")).toEqual([
    { roomId: "lobby", joined: false, read: 3 },
    { roomId: "tea", joined: true, read: 2 },
  ]);
  expect(memberships.of("bo")).toEqual([]);
});

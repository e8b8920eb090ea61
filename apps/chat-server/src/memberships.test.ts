import { expect, test } from "vitest";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { membershipsIn } from "./memberships.ts";

test("a membership is kept per person and room, and somebody who was never there has none", async () => {
  const memberships = membershipsIn(openSqliteDatabase(":memory:"));
  expect(await memberships.find("ada", "lobby")).toEqual({ roomId: "lobby", joined: false, read: 0 });
  await memberships.set("ada", { roomId: "lobby", joined: true, read: 0 });
  await memberships.set("ada", { roomId: "tea", joined: true, read: 2 });
  await memberships.set("ada", { roomId: "lobby", joined: false, read: 3 });
  expect(await memberships.find("ada", "lobby")).toEqual({ roomId: "lobby", joined: false, read: 3 });
  expect(await memberships.of("ada")).toEqual([
    { roomId: "lobby", joined: false, read: 3 },
    { roomId: "tea", joined: true, read: 2 },
  ]);
  expect(await memberships.of("bo")).toEqual([]);
});

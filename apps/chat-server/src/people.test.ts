import { expect, test } from "vitest";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { peopleIn } from "./people.ts";

test("a person is there after they were added, and is found by every name that looks the same", async () => {
  const people = peopleIn(openSqliteDatabase(":memory:"));
  expect(await people.has("Ada")).toBe(false);
  await people.add("Ada");
  expect([await people.has("Ada"), await people.has("ada")]).toEqual([true, false]);
  await people.add("ADA");
  await people.add("bo");
  expect((await people.findByComparableNames(["ada", "nobody"])).map(({ name }) => name)).toEqual(["ADA", "Ada"]);
  expect([await people.lookAlikes("aDA"), await people.lookAlikes("nobody")]).toEqual([["ADA", "Ada"], []]);
  expect(await people.findByComparableNames([])).toEqual([]);
});

test("only people who have never written can be away, the longest absent first", async () => {
  const people = peopleIn(openSqliteDatabase(":memory:"));
  for (const [name, seenAt] of [
    ["writer", 1],
    ["reader", 3],
    ["newer", 5],
    ["here", 9],
  ] as const) {
    await people.add(name, seenAt);
  }
  await people.noteWriter("writer");
  // The assistant is one of them.
  expect(await people.count()).toBe(5);
  expect(await people.findAway(8, 1)).toEqual(["reader"]);
  expect(await people.findAway(8, 9)).toEqual(["reader", "newer"]);
  await people.remove("reader");
  expect(await people.findAway(8, 9)).toEqual(["newer"]);
  await people.remove("newer");
  await people.setSeenAt("here", 2);
  expect([await people.seenAt("here"), await people.seenAt("nobody")]).toEqual([2, null]);
  expect(await people.findAway(8, 9)).toEqual(["here"]);
});

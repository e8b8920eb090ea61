import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { peopleIn } from "./people.ts";

test("somebody is new once, and found by their name in any capitals", () => {
  const people = peopleIn(openDatabase(":memory:"));
  expect(people.has("Ada")).toBe(false);
  expect([people.add("Ada"), people.add("Ada")]).toEqual([true, false]);
  expect([people.has("Ada"), people.has("ada")]).toEqual([true, false]);
  people.add("ADA");
  people.add("bo");
  expect(people.named(["ada", "nobody"]).map(({ name }) => name)).toEqual(["ADA", "Ada"]);
  expect(people.named([])).toEqual([]);
});

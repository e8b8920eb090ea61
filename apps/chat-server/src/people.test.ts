import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { peopleIn } from "./people.ts";

test("a person is new only once, and is found by their name in upper or lower case", () => {
  const people = peopleIn(openDatabase(":memory:"));
  expect(people.has("Ada")).toBe(false);
  expect([people.add("Ada"), people.add("Ada")]).toEqual([true, false]);
  expect([people.has("Ada"), people.has("ada")]).toEqual([true, false]);
  people.add("ADA");
  people.add("bo");
  expect(people.findByComparableNames(["ada", "nobody"]).map(({ name }) => name)).toEqual(["ADA", "Ada"]);
  expect(people.findByComparableNames([])).toEqual([]);
});

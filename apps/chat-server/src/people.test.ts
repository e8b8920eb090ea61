import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { peopleIn } from "./people.ts";

test("a person is there after they were added, and is found by every name that looks the same", () => {
  const people = peopleIn(openDatabase(":memory:"));
  expect(people.has("Ada")).toBe(false);
  people.add("Ada");
  expect([people.has("Ada"), people.has("ada")]).toEqual([true, false]);
  people.add("ADA");
  people.add("bo");
  expect(people.findByComparableNames(["ada", "nobody"]).map(({ name }) => name)).toEqual(["ADA", "Ada"]);
  expect([people.lookAlikes("aDA"), people.lookAlikes("nobody")]).toEqual([["ADA", "Ada"], []]);
  expect(people.findByComparableNames([])).toEqual([]);
});

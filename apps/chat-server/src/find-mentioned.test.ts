import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { findMentioned } from "./find-mentioned.ts";
import { peopleIn } from "./people.ts";

const people = peopleIn(openDatabase(":memory:"));
const NAMES = ["Ada", "Ada Lovelace", "bo", "李小龍", "C++", "👩‍🚀", "Émile", "x".repeat(40)];
for (const name of NAMES) people.add(name);

test.for<[text: string, names: string[]]>([
  ["hi @Ada", ["Ada"]],
  ["@ada, @BO!", ["Ada", "bo"]],
  ["@bo @ada @bo", ["bo", "Ada"]],
  ["@Ada Lovelace and @Ada L.", ["Ada Lovelace", "Ada"]],
  ["@Ada Lovelaces", ["Ada"]],
  ["(@bo)", ["bo"]],
  ["@@bo", ["bo"]],
  ["@Ａｄａ", ["Ada"]],
  ["@émile", ["Émile"]],
  ["@E\u0301mile", ["Émile"]],
  ["@李小龍：", ["李小龍"]],
  ["@c++ and @👩‍🚀", ["C++", "👩‍🚀"]],
  [`@${"x".repeat(40)}`, ["x".repeat(40)]],
  ["@ada\n", ["Ada"]],
])("%j mentions %j", ([text, names]) => {
  expect(findMentioned(text, people)).toEqual(names);
});

test.for([
  "ada",
  "@",
  "@ ada",
  "mail bo@ada",
  "@adam",
  "@bo_",
  "@bo2",
  "@李小龍你",
  "@nobody",
  "ä@bo",
  `@${"x".repeat(41)}`,
])("%j mentions nobody", (text) => {
  expect(findMentioned(text, people)).toEqual([]);
});

test("two people whose names differ only in upper and lower case are both mentioned", () => {
  const both = peopleIn(openDatabase(":memory:"));
  both.add("ada");
  both.add("ADA");
  expect(findMentioned("@Ada", both).sort()).toEqual(["ADA", "ada"]);
});

test("the longest text of nothing but @ signs does not block the server for long", () => {
  const start = performance.now();
  for (const text of ["@".repeat(2_000), "@ !?".repeat(500), "@a ".repeat(666)]) findMentioned(text, people);
  // The three take a quarter of a second; with one query for each candidate they take ten times as long.
  expect(performance.now() - start).toBeLessThan(2_500);
});

import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { findMentioned } from "./mentioned.ts";
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

test("two people whose names differ in capitals only are both meant", () => {
  const both = peopleIn(openDatabase(":memory:"));
  both.add("ada");
  both.add("ADA");
  expect(findMentioned("@Ada", both).sort()).toEqual(["ADA", "ada"]);
});

test("the longest text of nothing but signs holds nobody up for long", () => {
  const begun = performance.now();
  for (const text of ["@".repeat(2_000), "@ !?".repeat(500), "@a ".repeat(666)]) findMentioned(text, people);
  // A quarter of a second was measured for the three; it would be ten times as long if each candidate were a query.
  expect(performance.now() - begun).toBeLessThan(2_500);
});

import { expect, test } from "vitest";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { findMentioned as find } from "./find-mentioned.ts";
import { peopleIn, type People } from "./people.ts";

const people = peopleIn(openSqliteDatabase(":memory:"));
const findMentioned = (text: string, among: People) => find(text, among, async () => {});
const NAMES = ["Ada", "Ada Lovelace", "bo", "李小龍", "C++", "👩‍🚀", "Émile", "x".repeat(40)];
for (const name of NAMES) await people.add(name);

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
])("%j mentions %j", async ([text, names]) => {
  expect(await findMentioned(text, people)).toEqual(names);
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
])("%j mentions nobody", async (text) => {
  expect(await findMentioned(text, people)).toEqual([]);
});

test("of an older database, people whose names differ only in upper and lower case are all mentioned", async () => {
  const both = peopleIn(openSqliteDatabase(":memory:"));
  await both.add("ada");
  await both.add("ADA");
  expect((await findMentioned("@Ada", both)).sort()).toEqual(["ADA", "ada"]);
});

test("a text mentions 50 people at most; one with more is refused, and the sentence has both numbers", async () => {
  const crowd = peopleIn(openSqliteDatabase(":memory:"));
  const names = Array.from({ length: 51 }, (_, index) => `p${index}`);
  for (const name of names) await crowd.add(name);
  const textOf = (count: number) =>
    names
      .map((name) => `@${name}`)
      .slice(-count)
      .join(" ");
  expect(await findMentioned(`${textOf(50)} ${textOf(50)}`, crowd)).toHaveLength(50);
  await expect(findMentioned(textOf(51), crowd)).rejects.toMatchObject({
    status: 400,
    message: "Expected a message that mentions at most 50 people, got one that mentions 51.",
  });
});

test("no step of the search takes long, whatever the text is", async () => {
  const names = Array.from({ length: 450 }, (_, index) => index.toString(36).padStart(2, "0"));
  for (const name of names) if (!(await people.has(name))) await people.add(name);
  const texts = ["@".repeat(2_000), "@ !?".repeat(500), "@a ".repeat(666), names.map((name) => `@${name}`).join(" ")];
  let longest = 0;
  for (const text of texts) {
    let begun = process.cpuUsage();
    const search = find(text, people, async () => {
      // Its time on the processor: what else runs on the machine does not count.
      const { user, system } = process.cpuUsage(begun);
      longest = Math.max(longest, (user + system) / 1_000);
      begun = process.cpuUsage();
    });
    // The last text mentions too many people: it is refused at the end.
    await search.catch(String);
  }
  // In milliseconds. A step takes about 2; a busy machine gets 50 times as long.
  expect(longest).toBeLessThan(100);
});

import { expect, test } from "vitest";
import { endedSessionsIn, FIND_SURPLUS } from "./ended-sessions.ts";
import { openHandle } from "./storage/open-handle.ts";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";

function open(most?: number) {
  const database = openSqliteDatabase(":memory:");
  return {
    ended: endedSessionsIn(database, most),
    count: async () => (await database.all("select id from ended_sessions")).length,
  };
}

const session = (sessionId: string, expiresAt: number, id = "ada") => ({ sessionId, id, expiresAt });

test("an ended session is kept until its cookie has expired", async () => {
  const { ended } = open();
  const sessions = [session("first", 1_000), session("second", 3_000), session("third", 4_000, "bo")] as const;
  const ends = () => Promise.all(sessions.map((each) => ended.has(each)));
  await ended.add(sessions[0], 0);
  await ended.add(sessions[0], 0);
  await ended.add(sessions[1], 999);
  expect(await ends()).toEqual([true, true, false]);
  await ended.add(sessions[2], 1_000);
  expect(await ends()).toEqual([false, true, true]);
});

test("whoever signs out very often leaves few rows, and no ended session of anybody becomes valid again", async () => {
  const { ended, count } = open(3);
  const ofBo = [session("ended of bo", 500, "bo"), session("open of bo", 400, "bo")] as const;
  await ended.add(ofBo[0], 0);
  const sessions = Array.from({ length: 10 }, (_, index) => session(`s${index}`, 1_000 + index));
  for (const each of sessions) await ended.add(each, 0);
  expect(await count()).toBe(5);
  expect(await Promise.all([...sessions, ...ofBo].map((each) => ended.has(each)))).toEqual([
    ...sessions.map(() => true),
    ...[true, false],
  ]);
  // One that began before those that have no row of their own ends, too; a newer one does not.
  expect(await Promise.all([session("older", 1_002), session("newer", 1_009)].map((each) => ended.has(each)))).toEqual([
    true,
    false,
  ]);
});

test("with the last cookie of a person, or with the person, all rows go", async () => {
  const { ended, count } = open(3);
  for (let index = 0; index < 10; index++) await ended.add(session(`s${index}`, 1_000 + index), 0);
  await ended.add(session("of bo", 5_000, "bo"), 2_000);
  expect(await count()).toBe(1);
  await ended.removeAll("bo");
  expect(await count()).toBe(0);
});

test("the sessions of a person are found in their order by an index", () => {
  const handle = openHandle(":memory:");
  const plan = handle.prepare<{ detail: string }>(`explain query plan ${FIND_SURPLUS}`).all("ada", "up to ada", 20);
  handle.close();
  expect(plan.map(({ detail }) => detail).join("\n")).not.toContain("TEMP B-TREE");
});

import { expect, test } from "vitest";
import { endedSessionsIn, FORGET_OF_PERSON } from "./ended-sessions.ts";
import { openHandle } from "./storage/open-handle.ts";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";

const open = (most?: number) => endedSessionsIn(openSqliteDatabase(":memory:"), most);

test("an ended session is kept until its cookie has expired", async () => {
  const ended = open();
  await ended.add({ sessionId: "first", id: "ada", expiresAt: 1_000 }, 0);
  await ended.add({ sessionId: "first", id: "ada", expiresAt: 1_000 }, 0);
  await ended.add({ sessionId: "second", id: "ada", expiresAt: 3_000 }, 999);
  expect(await Promise.all(["first", "second", "third"].map((id) => ended.has(id)))).toEqual([true, true, false]);
  await ended.add({ sessionId: "third", id: "bo", expiresAt: 4_000 }, 1_000);
  expect(await Promise.all(["first", "second", "third"].map((id) => ended.has(id)))).toEqual([false, true, true]);
});

test("whoever signs out too often loses their own first ended sessions, and nobody else loses one", async () => {
  const ended = open(3);
  await ended.add({ sessionId: "of bo", id: "bo", expiresAt: 500 }, 0);
  const ids = Array.from({ length: 10 }, (_, index) => `s${index}`);
  for (const [index, sessionId] of ids.entries()) {
    await ended.add({ sessionId, id: "ada", expiresAt: 1_000 + index }, 0);
  }
  expect(await Promise.all(["of bo", ...ids].map((id) => ended.has(id)))).toEqual([
    true,
    ...ids.map(() => false).slice(3),
    ...[true, true, true],
  ]);
});

test("the sessions of a person are found in their order by an index", () => {
  const handle = openHandle(":memory:");
  const plan = handle.prepare<{ detail: string }>(`explain query plan ${FORGET_OF_PERSON}`).all("ada", 100);
  handle.close();
  expect(plan.map(({ detail }) => detail).join("\n")).not.toContain("TEMP B-TREE");
});

import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { endedSessionsIn } from "./ended-sessions.ts";

test("an ended session is kept until its cookie has expired", () => {
  const ended = endedSessionsIn(openDatabase(":memory:"));
  ended.add("first", 1_000, 0);
  ended.add("first", 1_000, 0);
  ended.add("second", 3_000, 999);
  expect(["first", "second", "third"].map((id) => ended.has(id))).toEqual([true, true, false]);
  ended.add("third", 4_000, 1_000);
  expect(["first", "second", "third"].map((id) => ended.has(id))).toEqual([false, true, true]);
});

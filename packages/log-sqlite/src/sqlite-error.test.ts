import { expect, test } from "vitest";
import { writeError } from "./sqlite-error.ts";

/** An error of a driver with SQLite's extended result code. */
const failure = (errcode: number): Error => Object.assign(new Error("it failed"), { errcode });

test.for([
  ["the database is locked", 5, "none"],
  ["the disk is full", 13, "none"],
  ["the disk has failed", 10, "unknown"],
  ["the disk has failed while it was synchronized", 10 | (4 << 8), "unknown"],
] as const)("when %s, the outcome of an append is told", ([, code, outcome]) => {
  expect(writeError("write to", "log.db", failure(code))).toMatchObject({ name: "AppendError", outcome });
});

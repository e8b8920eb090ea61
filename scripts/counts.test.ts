import { execa } from "execa";
import { expect, test } from "vitest";

// A file without side effects, with tests.
const FILE = "scripts/count-lines.test.ts";

test.for([
  ["a path that no test has", ["nope"]],
  ["a title that no test has", [FILE, "-t", "no such title"]],
] as const)("%s matches no test: the run says so, and fails", async ([, given]) => {
  const { exitCode, all } = await execa({ all: true, reject: false, preferLocal: true })`tsx scripts/test.ts ${given}`;
  expect(all.trim().split("\n").at(-1)).toMatch(/^No test matches: expected /);
  expect(all).not.toContain("0 failed");
  expect(exitCode).toBe(1);
});

test("a title that matches runs its test only", async () => {
  const { exitCode, stdout } = await execa({ preferLocal: true })`tsx scripts/test.ts ${FILE} -t ${"lines of code"}`;
  expect(stdout).toMatch(/^1 passed, 0 failed, \d+ skipped$/m);
  expect(exitCode).toBe(0);
});

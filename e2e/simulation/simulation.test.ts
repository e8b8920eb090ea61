import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { lacking } from "./coverage.ts";
import { sail } from "./fleet.ts";
import { freshFolder } from "./folder.ts";
import { hunt, mutants, SCHEDULES } from "./mutants/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await freshFolder();
});
afterAll(() => rm(folder, { recursive: true }));

test(`no promise breaks in ${SCHEDULES} schedules, and every fault happens`, { timeout: 600_000 }, async () => {
  const { broken, counts, done } = await sail({
    file: await bundle(folder, "world", null),
    first: 1,
    count: SCHEDULES,
  });
  expect(broken).toEqual([]);
  expect(done).toBe(SCHEDULES);
  expect(lacking(counts)).toEqual([]);
});

test("a seed is the same schedule with the same end every time", { timeout: 60_000 }, async () => {
  const file = await bundle(folder, "world", null);
  const [one, other] = await Promise.all(
    [1, 2].map(() => sail({ file, first: 7, count: 1, workers: 1, explain: true })),
  );
  expect(one?.trace).toBe(other?.trace);
});

test("a schedule that breaks is shrunk to a few steps", { timeout: 120_000 }, async () => {
  const [mutant] = mutants;
  if (mutant === undefined) throw new Error("Expected a mutant, got none.");
  const file = await bundle(folder, "shrunk", mutant);
  const { broken } = await sail({ file, first: 1, count: 100 });
  const { trace } = await sail({ file, first: broken[0]?.seed ?? 0, count: 1, workers: 1, explain: true });
  expect(trace?.split("\n").filter((line) => line.startsWith("step ")).length).toBeLessThan(20);
});

for (const mutant of mutants) {
  test.concurrent(`${mutant.law}: ${mutant.breaks}, and the suite notices`, { timeout: 600_000 }, async () => {
    expect(await hunt(folder, mutant)).not.toBeNull();
  });
}

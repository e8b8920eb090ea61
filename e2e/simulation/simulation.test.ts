import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { lacking } from "./coverage.ts";
import { sail } from "./fleet.ts";
import { freshFolder } from "./folder.ts";
import { hunt, mutants, SCHEDULES } from "./mutants/index.ts";
import { SQLITE } from "./plan.ts";

let folder: string;
beforeAll(async () => {
  folder = await freshFolder();
});
afterAll(() => rm(folder, { recursive: true }));

/**
 * Schedules, and the milliseconds that they have: more than they take, and so few that a slow machine is done with all tests within
 * five minutes. In the gate they have all the time they need.
 */
const MOST = 20_000;
const TIME = process.env["TIDINGS_GATE"] === undefined ? 100_000 : Infinity;

test(
  `no promise breaks in as many of ${MOST} schedules as there is time for, and every fault happens`,
  { timeout: 600_000 },
  async () => {
    const { broken, counts, done } = await sail({
      file: await bundle(folder, "world", null),
      first: 1,
      count: MOST,
      least: SCHEDULES,
      time: TIME,
    });
    console.log(`${done} schedules`);
    expect(broken).toEqual([]);
    expect(done).toBeGreaterThanOrEqual(SCHEDULES);
    expect(lacking(counts)).toEqual([]);
  },
);

// One on each log.
test.each([7, SQLITE])(
  "seed %i is the same schedule with the same end every time",
  { timeout: 60_000 },
  async (first) => {
    const file = await bundle(folder, `world-${first}`, null);
    const [one, other] = await Promise.all(
      [1, 2].map(() => sail({ file, first, count: 1, workers: 1, explain: true })),
    );
    expect(one?.trace).toContain("step ");
    expect(one?.trace).toBe(other?.trace);
  },
);

test.each(["no trim check", "the ring is kept over a failover", "a repetition is handled again"])(
  "a schedule that breaks because of %s replays, shrunk to a few steps and a short story",
  { timeout: 120_000 },
  async (breaks) => {
    const mutant = mutants.find((each) => each.breaks === breaks);
    if (mutant === undefined) throw new Error(`Expected a mutant "${breaks}", got none.`);
    const file = await bundle(folder, breaks, mutant);
    const { broken } = await sail({ file, first: mutant.seed ?? 1, count: 100 });
    const replay = { file, first: broken[0]?.seed ?? 0, count: 1, workers: 1, explain: true };
    const [one, other] = await Promise.all([sail(replay), sail(replay)]);
    expect(one.broken).toEqual(broken.slice(0, 1));
    expect(other.trace).toBe(one.trace);
    const lines = one.trace?.split("\n") ?? [];
    expect(lines.filter((line) => line.startsWith("step ")).length).toBeLessThan(20);
    expect(lines.length).toBeLessThan(60);
  },
);

for (const mutant of mutants) {
  test.concurrent(`${mutant.law}: ${mutant.breaks}, and the suite notices`, { timeout: 600_000 }, async () => {
    expect(await hunt(folder, mutant)).not.toBeNull();
  });
}

import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { lacking } from "./coverage.ts";
import { runAll } from "./fleet.ts";
import { freshFolder } from "./folder.ts";
import { bundleMutant, hunt, RUNS } from "./hunt.ts";
import { mutants } from "./mutants/index.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { SQLITE } from "./plan.ts";
import type { Draws } from "./random.ts";
import { scenarios, type ScenarioName } from "./scenarios/index.ts";

/** The gate runs everything. `npm test` runs a tenth of the schedules, and one mutant of each numbered law. */
const isGate = process.env["TIDINGS_GATE"] !== undefined;
const SCHEDULES = isGate ? 20_000 : 2_000;
/** Milliseconds for a test: it gets what other tests leave of the processor. */
const PATIENCE = 2_400_000;
/** What happens in it is rare in schedules that are drawn freely: one of 99 runs on SQLite. */
const RARE: ScenarioName = "transactions commit, roll back and stay open";
const isFirstOfLaw = ({ law }: Mutant, at: number): boolean =>
  law.startsWith("law ") && mutants.findIndex((each) => each.law === law) === at;
const hunted = isGate ? mutants : mutants.filter(isFirstOfLaw);
/** Runs of each scenario on the unbroken packages, in all orders of draws together. */
const CALM_RUNS = isGate ? RUNS : 10;
const DRAWS: readonly Draws[] = isGate ? ["in order", "swapped"] : ["in order"];

let folder: string;
beforeAll(async () => {
  folder = await freshFolder();
});
afterAll(() => rm(folder, { recursive: true }));

test(`no promise breaks in ${SCHEDULES} schedules, and every fault happens`, { timeout: PATIENCE }, async () => {
  const file = await bundle(folder, "world", null);
  const { broken, counts, done } = await runAll({ file, first: 1, count: SCHEDULES });
  const rare = await runAll({ file, scenarios: [RARE], first: 1, count: RUNS });
  counts.merge(rare.counts.entries());
  expect([...broken, ...rare.broken]).toEqual([]);
  expect(done).toBe(SCHEDULES);
  expect(lacking(counts)).toEqual([]);
});

// Otherwise a mutant could die because its scenario is wrong.
test("no promise breaks in any run of a scenario in which a mutant is hunted", { timeout: PATIENCE }, async () => {
  const file = await bundle(folder, "world-of-scenarios", null);
  const used = new Set(hunted.map(({ scenario }) => scenario));
  for (const draws of DRAWS) {
    const { broken } = await runAll({
      file,
      scenarios: [...used],
      draws,
      first: 1,
      count: used.size * Math.ceil(CALM_RUNS / DRAWS.length),
    });
    expect(broken).toEqual([]);
  }
});

test("every scenario is that of a mutant", () => {
  const named = new Set(mutants.map(({ scenario }) => scenario));
  const names = Object.keys(scenarios) as ScenarioName[]; // the keys of the record
  expect(names.filter((name) => !named.has(name))).toEqual([]);
});

// One on each log.
test.each([7, SQLITE])(
  "seed %i is the same schedule with the same end every time",
  { timeout: PATIENCE },
  async (first) => {
    const file = await bundle(folder, `world-${first}`, null);
    const replay = { file, first, count: 1, workers: 1, explain: true };
    const [one, other] = await Promise.all([runAll(replay), runAll(replay)]);
    expect(one.trace).toContain("step ");
    expect(one.trace).toBe(other.trace);
  },
);

const EXPLAINED = ["no trim check", "the ring is kept over a failover", "a repetition is handled again"];

test.each(isGate ? EXPLAINED : EXPLAINED.slice(0, 1))(
  "a schedule that breaks because of %s replays, shrunk to a few steps and a short story",
  { timeout: PATIENCE },
  async (breaks) => {
    const mutant = mutants.find((each) => each.breaks === breaks);
    if (mutant === undefined) throw new Error(`Expected a mutant "${breaks}", got none.`);
    const file = await bundleMutant(folder, mutant);
    // One worker ends with the first schedule that breaks.
    const { broken } = await runAll({ file, first: 1, count: SCHEDULES, workers: 1 });
    expect(broken).toHaveLength(1);
    const replay = { file, first: broken[0]?.seed ?? 0, count: 1, workers: 1, explain: true };
    const [one, other] = await Promise.all([runAll(replay), runAll(replay)]);
    expect(one.broken).toEqual(broken);
    expect(other.trace).toBe(one.trace);
    const lines = one.trace?.split("\n") ?? [];
    expect(lines.filter((line) => line.startsWith("step ")).length).toBeLessThan(20);
    expect(lines.length).toBeLessThan(60);
  },
);

for (const mutant of hunted) {
  test.concurrent(`${mutant.law}: ${mutant.breaks}, and the suite notices`, { timeout: PATIENCE }, async () => {
    const file = await bundleMutant(folder, mutant);
    // The scenario leads to the law, so the order of random numbers must not matter.
    for (const draws of DRAWS) expect(await hunt(file, mutant, draws), draws).not.toBeNull();
  });
}

import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import pLimit from "p-limit";
import { bundle } from "./bundle.ts";
import { coverageTable, lacking } from "./coverage.ts";
import { runAll } from "./fleet.ts";
import { freshFolder } from "./folder.ts";
import { bundleMutant, hunt } from "./hunt.ts";
import { mutants } from "./mutants/index.ts";
import { scenarios, type ScenarioName } from "./scenarios/index.ts";

const MILLION = 1_000_000;
/** A worker stops after so many broken schedules: more of them are of no use. */
const MOST_BROKEN = 20;
/** How many schedules `--quick` runs. */
const QUICK = 20_000;

/** How many tenths of a run have been printed, where the output is no terminal. */
let printedTenths = 0;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    seed: { type: "string" },
    count: { type: "string" },
    first: { type: "string" },
    scenario: { type: "string" },
  },
});
const chosenScenarios = checkScenario(values.scenario);
const folder = await freshFolder();
try {
  process.exitCode = values.seed === undefined ? await simulate() : await replay(Number(values.seed));
} finally {
  await rm(folder, { recursive: true, force: true });
}

function checkScenario(name: string | undefined): readonly ScenarioName[] {
  if (name === undefined) return [];
  const names = Object.keys(scenarios) as ScenarioName[]; // the keys of the record
  const found = names.find((each) => each === name);
  if (found === undefined) {
    throw new Error(`Expected --scenario to be one of these:\n${names.join("\n")}\nGot ${name}.`);
  }
  return [found];
}

async function simulate(): Promise<number> {
  const count = Number(values.count ?? (values.quick === true ? QUICK : MILLION));
  const file = await bundle(folder, "world", null);
  const begin = performance.now();
  const results = await runAll({
    file,
    scenarios: chosenScenarios,
    first: Number(values.first ?? 1),
    count,
    most: MOST_BROKEN,
    onProgress: (done) => showBar(done, count, begin),
    onBroken: ({ seed, what }) => console.log(`\nBROKEN by seed ${seed}: ${what}\n${commandFor(seed)}`),
  });
  showBar(results.done, count, begin);
  console.log(`\n${coverageTable(results.counts)}`);
  const untried = results.broken.length > 0 || chosenScenarios.length > 0 ? [] : lacking(results.counts);
  if (untried.length > 0) console.log(`\nThese never happened, so nothing is proved about them: ${untried.join(", ")}`);
  const survivors = values.quick === true && results.broken.length === 0 ? await killMutants() : 0;
  return results.broken.length + untried.length + survivors > 0 ? 1 : 0;
}

/** A function, since schedules run before the rest of this file has been read. */
function commandFor(seed: number): string {
  return `npm run simulate -- --seed ${seed}${chosenScenarios.map((name) => ` --scenario "${name}"`).join("")}`;
}

async function replay(seed: number): Promise<number> {
  const file = await bundle(folder, "world", null);
  const options = { file, scenarios: chosenScenarios, first: seed, count: 1, workers: 1, explain: true };
  const { broken, trace } = await runAll(options);
  console.log(trace);
  console.log(broken[0] === undefined ? `\nSeed ${seed} breaks no promise.` : `\nSeed ${seed}: ${broken[0].what}`);
  return broken.length;
}

async function killMutants(): Promise<number> {
  let survivors = 0;
  const begin = performance.now();
  const limit = pLimit(availableParallelism());
  const hunts = mutants.map((mutant) => ({
    mutant,
    hunting: limit(async () => hunt(await bundleMutant(folder, mutant), mutant)),
  }));
  for (const { mutant, hunting } of hunts) {
    const killed = await hunting;
    if (killed === null) survivors++;
    console.log(`${killed === null ? "SURVIVES" : "killed  "}  ${mutant.law}: ${mutant.breaks}`);
    if (killed !== null) console.log(`          by ${killed.what} (run ${killed.seed} of "${mutant.scenario}")`);
  }
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
  console.log(`${mutants.length - survivors} of ${mutants.length} mutants killed in ${seconds} s`);
  return survivors;
}

function showBar(done: number, count: number, begin: number): void {
  const seconds = (performance.now() - begin) / 1_000;
  const filled = Math.round((done / count) * 30);
  const bar = `[${"#".repeat(filled)}${".".repeat(30 - filled)}]`;
  const text = `${bar} ${done} of ${count} schedules, ${(done / seconds).toFixed(0)} a second`;
  const tenths = Math.floor((10 * done) / count);
  if (process.stdout.isTTY) process.stdout.write(`\r${text}`);
  else if (tenths > printedTenths) {
    printedTenths = tenths;
    console.log(text);
  }
}

import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import pLimit from "p-limit";
import { bundle } from "./bundle.ts";
import { coverageTable, lacking } from "./coverage.ts";
import { sail, type Log } from "./fleet.ts";
import { freshFolder } from "./folder.ts";
import { hunt, mutants } from "./mutants/index.ts";

const MILLION = 1_000_000;
/** A worker that has found so many broken schedules has found enough. */
const MOST = 20;
/** How many schedules `--quick` runs. */
const QUICK = 20_000;

/** The tenths of a run that have been told where nobody sees a bar move. */
let tenths = 0;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    seed: { type: "string" },
    count: { type: "string" },
    first: { type: "string" },
  },
});
const folder = await freshFolder();
try {
  process.exitCode = values.seed === undefined ? await simulate() : await replay(Number(values.seed));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function simulate(): Promise<number> {
  const count = Number(values.count ?? (values.quick === true ? QUICK : MILLION));
  const file = await bundle(folder, "world", null);
  const begin = performance.now();
  const log = await sail({
    file,
    first: Number(values.first ?? 1),
    count,
    most: MOST,
    onProgress: (done) => showBar(done, count, begin),
    onBroken: ({ seed, what }) => console.log(`\nBROKEN by seed ${seed}: ${what}\nnpm run simulate -- --seed ${seed}`),
  });
  showBar(log.done, count, begin);
  console.log(`\n${coverageTable(log.counts)}`);
  const untried = log.broken.length > 0 ? [] : lacking(log.counts);
  if (untried.length > 0) console.log(`\nNever happened, so nothing is proved of it: ${untried.join(", ")}`);
  const survivors = values.quick === true && log.broken.length === 0 ? await killMutants() : 0;
  return log.broken.length + untried.length + survivors > 0 ? 1 : 0;
}

async function replay(seed: number): Promise<number> {
  const file = await bundle(folder, "world", null);
  const { broken, trace }: Log = await sail({ file, first: seed, count: 1, workers: 1, explain: true });
  console.log(trace);
  console.log(broken[0] === undefined ? `\nSeed ${seed} is well.` : `\nSeed ${seed}: ${broken[0].what}`);
  return broken.length;
}

async function killMutants(): Promise<number> {
  let survivors = 0;
  const begin = performance.now();
  const turn = pLimit(availableParallelism());
  const hunts = mutants.map((mutant) => ({ mutant, hunting: turn(() => hunt(folder, mutant)) }));
  for (const { mutant, hunting } of hunts) {
    const killed = await hunting;
    if (killed === null) survivors++;
    console.log(
      `${killed === null ? "SURVIVES" : "killed  "}  ${mutant.law}: ${mutant.breaks}${killed === null ? "" : `\n            by ${killed.what} (seed ${killed.seed})`}`,
    );
  }
  console.log(
    `${mutants.length - survivors} of ${mutants.length} mutants killed in ${((performance.now() - begin) / 1_000).toFixed(1)} s`,
  );
  return survivors;
}

function showBar(done: number, count: number, begin: number): void {
  const seconds = (performance.now() - begin) / 1_000;
  const filled = Math.round((done / count) * 30);
  const text = `[${"#".repeat(filled)}${".".repeat(30 - filled)}] ${done} of ${count} schedules, ${(done / seconds).toFixed(0)} a second`;
  if (process.stdout.isTTY) process.stdout.write(`\r${text}`);
  else if (Math.floor((10 * done) / count) > tenths) {
    tenths = Math.floor((10 * done) / count);
    console.log(text);
  }
}

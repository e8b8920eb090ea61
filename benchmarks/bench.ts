import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle, THIS_CLONE } from "./speed/bundle.ts";
import { candidates, type CandidateName } from "./speed/candidates.ts";
import type { Contestant } from "./speed/contestant.ts";
import { buildLoader } from "./speed/loader-process.ts";
import { runMeasure, type Measure } from "./speed/measure.ts";
import { measures } from "./speed/measures.ts";
import type { Effort, MeasureResult, Results } from "./speed/results.ts";
import { measureTable } from "./speed/table.ts";
import { works, type WorkName } from "./speed/works.ts";

// What the server costs, beside the least that a server in Node can cost, and beside other libraries: `npm run bench`.
//
// It takes about a quarter of an hour, and two and a half minutes with `--quick`. Servers are measured in turn, A B C,
// A B C, so that other work on the machine concerns all of them: believe the ratios, not the times. How far it has come
// goes to the standard error.
//
//   --record               writes `results.json`, which the documents show
//   --only fan-out,storm   only these measures
//   --before <folder>      another clone of this repository, installed, whose Tidings is measured beside this one

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    record: { type: "boolean" },
    only: { type: "string" },
    before: { type: "string" },
  },
});
const effort: Effort = values.quick ? "quick" : "full";
const chosen = chooseMeasures(values.only);
const programs = {
  server: await bundle("server.ts", "server", THIS_CLONE),
  work: await bundle("work.ts", "work", THIS_CLONE),
};
const formerProgram = values.before === undefined ? null : await bundle("server.ts", "before", values.before);
const loader = await buildLoader();

function chooseMeasures(only: string | undefined): readonly Measure[] {
  if (only === undefined) return measures;
  const names = only.split(",");
  const unknown = names.find((name) => !measures.some((measure) => measure.name === name));
  if (unknown === undefined) return measures.filter(({ name }) => names.includes(name));
  throw new Error(`Expected names of measures (${measures.map(({ name }) => name).join(", ")}), got "${unknown}".`);
}

/** How the results name a contestant. Safe: each measure names those that its program knows. */
async function labelOf({ program }: Measure, name: string): Promise<string> {
  return program === "work" ? works[name as WorkName].label : (await candidates[name as CandidateName]()).name;
}

async function contestantsOf(measure: Measure): Promise<Contestant[]> {
  const { sizes } = measure;
  const program = programs[measure.program];
  const contestants: Contestant[] = [];
  for (const name of measure.contestants[effort]) {
    const plainLabel = await labelOf(measure, name);
    for (const size of sizes?.[effort] ?? [0]) {
      const label = sizes === undefined ? plainLabel : `${plainLabel}, ${size.toLocaleString("en")} ${sizes.unit}`;
      contestants.push({ label, name, program, size });
      if (formerProgram !== null && name.startsWith("tidings")) {
        contestants.push({ label: `${label}, before`, name, program: formerProgram, size });
      }
    }
  }
  return contestants;
}

const startedAt = performance.now();

/** Minutes and seconds since the start. */
function elapsed(): string {
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

async function resultOf(measure: Measure): Promise<MeasureResult> {
  const { name, title, figure, more } = measure;
  const place = `${chosen.indexOf(measure) + 1}/${chosen.length} ${name}`;
  const rounds = await runMeasure(measure, await contestantsOf(measure), loader, effort, (number) =>
    console.error(`${elapsed()}  ${place}, round ${number} of ${measure.rounds[effort]}`),
  );
  const result = { name, title, figure, more, rounds, load: loadavg()[0] ?? Number.NaN };
  console.log(`\n${name}: ${title}\n\n${measureTable(result)}`);
  return result;
}

const results: MeasureResult[] = [];
for (const measure of chosen) results.push(await resultOf(measure));
console.error(`${elapsed()}  done`);
if (values.record) {
  const machine = `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"})`;
  const date = new Date().toISOString().slice(0, 10);
  const whole: Results = { date, machine, effort, loader: loader.kind, measures: results };
  const rounded = JSON.stringify(
    whole,
    (_key, value: unknown) => (typeof value === "number" ? round(value) : value),
    1,
  );
  writeFileSync(join(import.meta.dirname, "results.json"), `${rounded}\n`);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

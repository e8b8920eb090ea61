// The gate: what `.ci/run` and `npm run ci` check, in this order; the first stage that fails ends it. The steps of a
// stage run side by side. Each is a command that can be run by itself. `--without <step>` leaves one out.
import { parseArgs } from "node:util";
import { execa, parseCommandString } from "execa";
import { formatCounts, sumCounts } from "./counts.ts";

const stages: readonly Readonly<Record<string, string>>[] = [
  { format: "npm run format -- --check", unused: "npm run unused", sizes: "npm run sizes" },
  { lint: "npm run lint", types: "npm run types" },
  { build: "npm run build" },
  // The simulation takes what the processor has left beside the tests. The measures have the processor to themselves.
  { tests: "npm test -- --project=!apart-*", simulation: "npm test -- --project=apart-simulation" },
  { measures: "npm test -- --project=apart-measures" },
  {
    // Node has an SQLite of its own since 22.13, and the log in it uses that; on Node 20 it uses another driver.
    "sqlite-on-node-22": "npx --yes -p node@22 -- npm test -- packages/log-sqlite",
    "sqlite-on-node-24": "npx --yes -p node@24 -- npm test -- packages/log-sqlite",
    packed: "npm test -- --project=apart-packed",
  },
];

const { values } = parseArgs({ options: { without: { type: "string", multiple: true, default: [] } } });
let printed = "";
let exitCode = 0;

async function run(name: string, command: string): Promise<void> {
  console.log(`\ngate: ${name} …`);
  const [file = "", ...commandArguments] = parseCommandString(command);
  const env = { TIDINGS_GATE: "yes" }; // tests take all the time they need
  const stdio = ["inherit", ["inherit", "pipe"], "inherit"] as const;
  const { failed, stdout, durationMs } = await execa(file, commandArguments, { stdio, env, reject: false });
  printed += `${stdout}\n`;
  console.log(`gate: ${name} ${failed ? "FAILED" : "passed"} in ${(durationMs / 1_000).toFixed(1)} s`);
  if (failed) exitCode = 1;
}

for (const stage of stages) {
  const wanted = Object.entries(stage).filter(([name]) => !values.without.includes(name));
  if (exitCode === 0) await Promise.all(wanted.map(([name, command]) => run(name, command)));
}
const [passed, failed, skipped] = sumCounts(printed);
// A step that is not a test counts as one failure.
console.log(formatCounts([passed, Math.max(failed, exitCode), skipped]));
process.exitCode = exitCode;

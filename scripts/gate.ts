// The gate: what `.ci/run` and `npm run ci` check, in this order; the first step that fails ends it. Each step is a
// command that can be run by itself. `--without <step>` leaves one out.
import { parseArgs } from "node:util";
import { execa, parseCommandString } from "execa";
import { formatCounts, sumCounts } from "./counts.ts";

const steps = {
  format: "npm run format -- --check",
  lint: "npm run lint",
  types: "npm run types",
  build: "npm run build",
  unused: "npm run unused",
  sizes: "npm run sizes",
  tests: "npm test -- --project=!packed",
  // Node has an SQLite of its own since 22.13, and the log in it uses that; on Node 20 it uses another driver.
  "sqlite-on-node-22": "npx --yes -p node@22 -- npm test -- packages/log-sqlite",
  "sqlite-on-node-24": "npx --yes -p node@24 -- npm test -- packages/log-sqlite",
  packed: "npm test -- --project=packed",
};

const { values } = parseArgs({ options: { without: { type: "string", multiple: true, default: [] } } });
let printed = "";
let exitCode = 0;
for (const [name, command] of Object.entries(steps)) {
  if (exitCode !== 0 || values.without.includes(name)) continue;
  console.log(`\ngate: ${name} …`);
  const [file = "", ...commandArguments] = parseCommandString(command);
  const { failed, stdout, durationMs } = await execa(file, commandArguments, {
    stdout: ["inherit", "pipe"],
    stderr: "inherit",
    reject: false,
    // In the gate, tests take all the time they need.
    env: { TIDINGS_GATE: "yes" },
  });
  printed += `${stdout}\n`;
  console.log(`gate: ${name} ${failed ? "FAILED" : "passed"} in ${(durationMs / 1_000).toFixed(1)} s`);
  if (failed) exitCode = 1;
}
const [passed, failed, skipped] = sumCounts(printed);
// A step that is not a test counts as one failure.
console.log(formatCounts([passed, Math.max(failed, exitCode), skipped]));
process.exitCode = exitCode;

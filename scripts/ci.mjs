// The gate. What `.ci/run` and `npm run ci` check, in this order; the first step that fails ends it.
import { build, checkFormat, checkTypes, checkUnused, lint } from "./checks.mjs";
import { checkSize } from "./line-count.mjs";
import { testOnOtherNodes } from "./other-nodes.mjs";
import { checkApp, checkConsumer, checkPackages, pack } from "./packed.mjs";
import { say, since } from "./say.mjs";
import { formatCounts, runTests, sumCounts } from "./test.mjs";

/** @type {import("./test.mjs").Counts} */
let counts = { passed: 0, failed: 0, skipped: 0 };

/** @type {[string, () => Promise<number>][]} */
const steps = [
  ["format", checkFormat],
  ["lint", lint],
  ["types", checkTypes],
  ["build", build],
  ["unused files, exports and dependencies", checkUnused],
  ["size of the core", checkSize],
  ["tests with coverage", () => count(runTests(["--coverage"]))],
  ["tests of the SQLite log on other Nodes", () => count(testOnOtherNodes())],
  ["packing", pack],
  ["packed packages: publint and attw", checkPackages],
  ["packed packages: installed, compiled, imported, required", checkConsumer],
  ["packed packages: the chat runs on them", checkApp],
];

export async function runGate() {
  const begin = performance.now();
  // What has only so much time in `npm test` has all of it here.
  process.env.TIDINGS_GATE = "yes";
  for (const [index, [name, check]] of steps.entries()) {
    say(`${index + 1}/${steps.length} ${name} …`);
    const start = performance.now();
    const code = await check();
    if (code !== 0) {
      say(`FAILED: ${name} (${since(start)})`);
      console.log(formatCounts({ ...counts, failed: Math.max(counts.failed, 1) }));
      return code;
    }
    say(`${index + 1}/${steps.length} ${name}: good (${since(start)})`);
  }
  say(`the gate is green (${since(begin)})`);
  console.log(formatCounts(counts));
  return 0;
}

/**
 * Adds to what is printed at the end.
 * @param {Promise<import("./test.mjs").Counts>} running
 */
async function count(running) {
  const more = await running;
  counts = sumCounts([counts, more]);
  return more.failed === 0 ? 0 : 1;
}

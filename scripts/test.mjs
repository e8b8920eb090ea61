import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { binary, runNode } from "./child.mjs";
import { checkTypes } from "./checks.mjs";
import { say } from "./say.mjs";
import { root } from "./workspace.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {Counts[]} several */
export function sumCounts(several) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of several) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/**
 * What we read of vitest's JSON report.
 * @typedef {{
 *   numPassedTests: number,
 *   numFailedTests: number,
 *   numPendingTests: number,
 *   numTodoTests: number,
 *   testResults: { status: string, assertionResults: unknown[] }[],
 * }} Report
 */

/** @param {Counts} counts */
export const formatCounts = (counts) => `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;

/** Projects of vitest.config.ts that are done within minutes: all of the code, and one look at the page in a browser. */
const QUICK = ["--project=code", "--project=alone", "--project=smoke"];

/**
 * `npm test`: types (type tests are in them) and the quick tests; with arguments, what vitest makes of them. The gate runs all.
 * @param {string[]} vitestArguments
 */
export async function test(vitestArguments) {
  let typesFailed = false;
  if (vitestArguments.length === 0) {
    say("checking types and type tests …");
    typesFailed = (await checkTypes()) !== 0;
  }
  say("running tests …");
  const counts = await runTests(vitestArguments.length === 0 ? QUICK : vitestArguments);
  // A type error counts as one failed test: the last line must not look green above it.
  if (typesFailed) {
    say("types failed (see above)");
    counts.failed++;
  }
  console.log(formatCounts(counts));
  return counts.failed === 0 ? 0 : 1;
}

/**
 * @param {string[]} vitestArguments
 * @param {{ report?: string, run?: (script: string, scriptArguments: string[]) => Promise<number> }} [how] another report, another Node
 * @returns {Promise<Counts>}
 */
export async function runTests(vitestArguments, { report = "vitest", run = runNode } = {}) {
  const reportFile = join(root, ".cache", `${report}.json`);
  // A report of an earlier run must not be taken for this one's.
  rmSync(reportFile, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const code = await run(binary("vitest"), ["run", ...reporters, ...vitestArguments]);
  const counts = existsSync(reportFile)
    ? countReport(/** @type {Report} */ (JSON.parse(readFileSync(reportFile, "utf8"))))
    : { passed: 0, failed: 0, skipped: 0 };
  // A file that does not load or an error outside of tests fails the run without a failed test.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/**
 * @param {Report} report
 * @returns {Counts}
 */
export function countReport(report) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

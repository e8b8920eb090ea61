// `npm run test:long`: what `npm test` does a few times, many times.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { say, since } from "./say.mjs";
import { formatCounts, runTests } from "./test.mjs";
import { root } from "./workspace.mjs";

const document = join(root, "docs", "reliability-runs.md");

/** @typedef {{ subject: string, figures: Record<string, number | string> }} Result what e2e/faults/long-run.ts records */

/**
 * Runs the fault tests at full size, one after the other, and keeps what they say in docs/reliability-runs.md, if all is well.
 * @param {string[]} vitestArguments files, where not all are wanted
 */
export async function testLong(vitestArguments) {
  const results = join(root, ".cache", "long-run.jsonl");
  rmSync(results, { force: true });
  // Nothing else may have been run here yet.
  mkdirSync(dirname(results), { recursive: true });
  process.env.TIDINGS_LONG_RUN = results;
  const begin = performance.now();
  say("running the fault tests at full size; this takes about an hour and a half …");
  const files = vitestArguments.length > 0 ? vitestArguments : ["e2e/faults"];
  // One after the other: they measure.
  const counts = await runTests([...files, "--no-file-parallelism", "--disable-console-intercept"], {
    report: "vitest-long",
  });
  if (counts.failed === 0 && existsSync(results)) {
    const lines = readFileSync(results, "utf8").trim().split("\n");
    const where = `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${availableParallelism()} cores`;
    const told = lines.map((line) => /** @type {Result} */ (JSON.parse(line)));
    writeFileSync(document, withResults(readFileSync(document, "utf8"), told, where));
    say(`the results are in docs/reliability-runs.md (${since(begin)})`);
  }
  console.log(formatCounts(counts));
  return counts.failed === 0 ? 0 : 1;
}

/**
 * A text that ends with a table of results, with these in it: one row for each subject, and only its last.
 * @param {string} text
 * @param {readonly Result[]} results
 * @param {string} where
 */
export function withResults(text, results, where) {
  const lines = text.trimEnd().split("\n");
  for (const { subject, figures } of results) {
    const told = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
    const row = `| ${subject} | ${told.join(", ")} | ${where} |`;
    const known = lines.findIndex((line) => line.startsWith(`| ${subject} |`));
    if (known === -1) lines.push(row);
    else lines[known] = row;
  }
  return `${lines.join("\n")}\n`;
}

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { withResult, type Figures } from "./reliability-runs.ts";

/** Whether `npm run test:long` runs the tests. */
const isLong = process.env["TIDINGS_LONG_RUN"] !== undefined;
const document = join(import.meta.dirname, "..", "..", "docs", "reliability-runs.md");

/** A size or a number of repetitions. @param few in every test run @param many in `npm run test:long` */
export const amount = (few: number, many: number): number => (isLong ? many : few);

/** How long a test may take on a busy machine, in milliseconds. */
export const PATIENCE = amount(300_000, 4 * 3_600_000);

/** Prints the progress of a long run. */
export function progress(text: string): void {
  if (isLong) console.log(text);
}

/** Records the result of a long run in docs/reliability-runs.md, in the row of its subject, if the test passes. */
export function record(subject: string, figures: Figures): void {
  if (!isLong) return;
  console.log({ subject, figures });
  onTestFinished(({ task }) => {
    if (task.result?.state !== "pass") return;
    const day = new Date().toISOString().slice(0, 10);
    const where = `${day}, Node ${process.versions.node}, ${availableParallelism()} cores`;
    writeFileSync(document, withResult(readFileSync(document, "utf8"), subject, figures, where));
  });
}

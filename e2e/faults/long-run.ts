import { appendFileSync } from "node:fs";

/** The file to which `npm run test:long` wants results written; null in every other run. */
const results = process.env["TIDINGS_LONG_RUN"] || null;

/** A size or a number of repetitions. @param few in every test run @param many in `npm run test:long` */
export const amount = (few: number, many: number): number => (results === null ? few : many);

/** How long a test may take on a busy machine, in milliseconds. */
export const PATIENCE = amount(300_000, 4 * 3_600_000);

/** Prints the progress of a long run. */
export function progress(text: string): void {
  if (results !== null) console.log(text);
}

/** Records a result. scripts/long.mjs writes it into docs/reliability-runs.md, in the row of its subject. */
export function record(subject: string, figures: Readonly<Record<string, number | string>>): void {
  if (results === null) return;
  const result = { subject, figures };
  console.log(result);
  appendFileSync(results, `${JSON.stringify(result)}\n`);
}

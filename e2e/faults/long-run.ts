import { appendFileSync } from "node:fs";

/** Where `npm run test:long` wants results; it asks for more of everything, and for a word about how it goes. */
const results = process.env["TIDINGS_LONG_RUN"] || null;

/** How often, or how much. @param few in every test run @param many in `npm run test:long` */
export const amount = (few: number, many: number): number => (results === null ? few : many);

/** How long a test may take on a machine that has other things to do, in milliseconds. */
export const PATIENCE = amount(300_000, 4 * 3_600_000);

/** Tells how a long run goes. */
export function progress(text: string): void {
  if (results !== null) console.log(text);
}

/** Keeps a result: a long run's is written into docs/reliability-runs.md by scripts/long.mjs. */
export function record(subject: string, figures: Readonly<Record<string, number | string>>): void {
  if (results === null) return;
  const result = { subject, figures };
  console.log(result);
  appendFileSync(results, `${JSON.stringify(result)}\n`);
}

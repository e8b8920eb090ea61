import { expect } from "vitest";
import { READERS, type KillReport, type Times } from "./kill-under-load.ts";
import { progress, record } from "./long-run.ts";

/** Milliseconds from a server that listens to an event at every reader: 100, and the 50 of a reader's backoff. */
const BAR = 150;

/** Prints the progress of so many kills. */
export const reportProgress =
  (kills: number) =>
  (number: number): void => {
    if (number % 20 === 0) progress(`${number} of ${kills} kills`);
  };

const formatTimes = ({ p50, p99, worst }: Times): string => `${p50.toFixed()}, ${p99.toFixed()}, ${worst.toFixed()} ms`;

/** Records the report, and expects that the load was heavy enough and the restarts fast enough. */
export function expectGoodReport(subject: string, { start, first, answer, ...report }: KillReport): void {
  record(subject, {
    ...report,
    "to a new start": formatTimes(start),
    "to the first event": formatTimes(first),
    "of which to an answer": formatTimes(answer),
  });
  // If no posts were cut off, the test would prove little.
  expect(report.retried).toBeGreaterThan(report.kills);
  expect(report.acked).toBeGreaterThan(10 * report.kills);
  expect(report.deliveries).toBe(report.acked * READERS);
  // Ten times the bar, for a busy machine.
  expect(first.p99).toBeLessThan(10 * BAR);
}

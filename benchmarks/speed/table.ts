import { figureOf, ratioOf, type MeasureResult, type Summary } from "./results.ts";

/** With which servers the others are compared, if they were measured. */
const REFERENCES = ["raw sockets", "raw sockets, one write a turn", "node:http", "Tidings, before", "better-sse"];

/** A figure with three digits. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return "?";
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(decimals);
}

function withSpread({ median, least, most }: Summary): string {
  return least === most ? digits(median) : `${digits(median)} (${digits(least)}–${digits(most)})`;
}

/** One row for each server: what was measured, and how often that is what a floor needs. */
export function measureTable({ rounds, figure, more }: MeasureResult): string {
  const labels = Object.keys(rounds);
  const references = REFERENCES.filter((label) => labels.includes(label));
  const rows = labels.map((label) => [
    label,
    withSpread(figureOf(rounds, figure, label)),
    ...references.map((reference) => ratioOf(rounds, figure, label, reference).median.toFixed(2)),
    ...more.map((other) => digits(figureOf(rounds, other, label).median)),
  ]);
  const head = ["", figure, ...references.map((reference) => `x ${reference}`), ...more];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

import { millionSection } from "./million.ts";
import { figureOf, ratioOf, type MeasureResult, type Results, type Summary } from "./results.ts";

/** With which servers the others are compared, if they were measured. */
const REFERENCES = [
  "raw sockets",
  "raw sockets, one write a turn",
  "raw inserts",
  "node:http",
  "Tidings, before",
  "better-sse",
];

/** A figure with three digits. */
export function digits(value: number): string {
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
  const known = REFERENCES.filter((label) => labels.includes(label));
  // Where there is none of them, one server is measured in several sizes or shapes, the smallest one first.
  const references = known.length > 0 ? known : labels.slice(0, 1);
  const rows = labels.map((label) => [
    label,
    withSpread(figureOf(rounds, figure, label)),
    ...references.map((reference) => ratioOf(rounds, figure, label, reference).median.toFixed(2)),
    ...more.map((other) => digits(figureOf(rounds, other, label).median)),
  ]);
  const head = ["", figure, ...references.map((reference) => `x ${reference}`), ...more];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** All measures in Markdown, with their plots. */
export function resultsPage(results: Results): string {
  const { date, machine, effort, loader, measures } = results;
  const head = `# Results of the last recorded run

\`npm run bench -- --record\` writes the figures, and \`npm test -- benchmarks/results.test.ts -u\` this page.
[performance.md](performance.md) says what they mean.

Measured on ${date} in a ${effort} run, ${machine}.
The clients are a program in ${loader}. A figure is the median of all rounds, with the smallest and the largest one. A
ratio is the median of the ratios of single rounds.`;
  return `${[head, ...measures.map(section), millionSection(results)].join("\n\n")}\n`;
}

function section(measure: MeasureResult): string {
  const { name, title, rounds, load } = measure;
  const count = Math.max(...Object.values(rounds).map(({ length }) => length));
  return `## ${name}

Measured: ${title}.
${count} rounds; the load of the machine was ${digits(load)}.

![${name}](performance/${name}.svg)

${measureTable(measure)}`;
}

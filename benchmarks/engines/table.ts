import { figureOf, type Rounds } from "../speed/results.ts";

/** The file of results. */
export interface EngineResults {
  readonly date: string;
  readonly machine: string;
  /** The load of the machine when it was over: processes that run or want to, over the last minute. */
  readonly load: number;
  readonly rounds: Rounds;
}

/** A rate without digits that mean nothing; a time with three. */
function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value < 1_000) return Number(value.toPrecision(2)).toString();
  return Number(value.toPrecision(2)).toLocaleString("en");
}

/** The medians of all rounds, in Markdown: one column for each log. */
export function enginesTable({ date, machine, load, rounds }: EngineResults): string {
  const logs = Object.keys(rounds);
  const figures = [
    ...new Set(Object.values(rounds).flatMap((samples) => samples.flatMap((each) => Object.keys(each)))),
  ];
  const rows = figures.map((figure) => [figure, ...logs.map((log) => shown(figureOf(rounds, figure, log).median))]);
  const head = ["", ...logs];
  const table = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  const where = `Measured on ${date}, ${machine},`;
  return `${table}\n\n${where}\nmedians of ${countOf(rounds)} rounds; the load of the machine was ${load}.`;
}

const countOf = (rounds: Rounds): number => Math.max(...Object.values(rounds).map(({ length }) => length));

import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import type { Rounds } from "../speed/results.ts";
import { enginesTable, type EngineResults } from "./table.ts";

/** Prints the medians of all rounds. With `--record` it also writes them to the file that the guide shows. */
export function report(file: string, rounds: Rounds): void {
  const results: EngineResults = {
    date: new Date().toISOString().slice(0, 10),
    machine: `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"})`,
    load: Number((loadavg()[0] ?? Number.NaN).toPrecision(3)),
    rounds,
  };
  console.log(enginesTable(results));
  if (!process.argv.includes("--record")) return;
  const text = JSON.stringify(
    results,
    (_key, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(4)) : value),
    2,
  );
  writeFileSync(join(import.meta.dirname, "..", file), `${text}\n`);
}

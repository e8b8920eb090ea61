import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arithmeticTable } from "./engines/arithmetic.ts";
import { enginesTable, type EngineResults } from "./engines/table.ts";
import { plotOf } from "./speed/plot.ts";
import { ratioOf, summaryOf, type Results } from "./speed/results.ts";
import { resultsPage } from "./speed/table.ts";

// Safe: `bench.ts`, `engines.ts` and `engine-cpu.ts` write the files.
const engines = JSON.parse(readFileSync(join(import.meta.dirname, "engines.json"), "utf8")) as EngineResults;
const engineCpu = JSON.parse(readFileSync(join(import.meta.dirname, "engine-cpu.json"), "utf8")) as EngineResults;
const results = JSON.parse(readFileSync(join(import.meta.dirname, "results.json"), "utf8")) as Results;

// `npm test -- benchmarks/results.test.ts -u` writes them.
test("the page and the plots show the last whole run", async () => {
  await expect(resultsPage(results)).toMatchFileSnapshot("../docs/performance-results.md");
  for (const measure of results.measures) {
    await expect(plotOf(measure)).toMatchFileSnapshot(`../docs/performance/${measure.name}.svg`);
  }
});

test("the labels of the plots fit into the room that they have", () => {
  const labels = results.measures.flatMap(({ rounds }) => Object.keys(rounds));
  expect(labels.filter((label) => label.length > 41)).toEqual([]);
});

test("the guide shows the last recorded run of the engines", () => {
  const guide = readFileSync(join(import.meta.dirname, "..", "docs", "guides", "many-machines.md"), "utf8");
  expect(guide).toContain(enginesTable(engines));
});

test.for([
  ["PostgreSQL", 8],
  ["Redis", 5],
] as const)("in that run, 16 publishers on %s had %d times the rate of one, or more", ([log, bar]) => {
  const ratios = (engines.rounds[log] ?? []).map(
    ({ "16 publishers": many = 0, "one publisher (events/s)": one = 0 }) => many / one,
  );
  expect(summaryOf(ratios).median).toBeGreaterThanOrEqual(bar);
});

test.for(["SQLite", "PostgreSQL", "Redis"])("and an event on %s was soon in another process, too", (log) => {
  const ratios = (engines.rounds[log] ?? []).map(
    ({ "other process, p50 (ms)": other = 0, "same process, p50 (ms)": same = 0 }) => other / same,
  );
  expect(summaryOf(ratios).median).toBeGreaterThan(0);
  expect(summaryOf(ratios).median).toBeLessThanOrEqual(3);
});

test("the guide computes with the last recorded runs", async () => {
  const path = "../docs/guides/many-machines.md";
  const guide = readFileSync(join(import.meta.dirname, path), "utf8");
  const table = arithmeticTable({ hubs: results, logs: engineCpu }, [100_000, 1_000_000]);
  const computed = guide.replace(/\| {2}\| 100,000 connections[^]*?\n(?=\n)/, () => `${table}\n`);
  expect(computed).toContain(table);
  await expect(computed).toMatchFileSnapshot(path);
});

test("a ratio compares what was measured in the same round", () => {
  const rounds = { floor: [{ cpu: 1 }, { cpu: 10 }, { cpu: 2 }], ours: [{ cpu: 2 }, { cpu: 20 }, { cpu: 6 }] };
  expect(ratioOf(rounds, "cpu", "ours", "floor")).toEqual({ median: 2, least: 2, most: 3 });
  expect(summaryOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
});

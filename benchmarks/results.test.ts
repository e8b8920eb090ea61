import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plotOf } from "./speed/plot.ts";
import { ratioOf, summaryOf, type Results } from "./speed/results.ts";
import { resultsPage } from "./speed/table.ts";

// Safe: `bench.ts` writes the file.
const results = JSON.parse(readFileSync(join(import.meta.dirname, "results.json"), "utf8")) as Results;

// `npm test -- benchmarks/results.test.ts -u` writes them.
test("the page and the plots show the last whole run", async () => {
  await expect(resultsPage(results)).toMatchFileSnapshot("../docs/performance-results.md");
  for (const measure of results.measures) {
    await expect(plotOf(measure)).toMatchFileSnapshot(`../docs/performance/${measure.name}.svg`);
  }
});

test("a ratio compares what was measured in the same round", () => {
  const rounds = { floor: [{ cpu: 1 }, { cpu: 10 }, { cpu: 2 }], ours: [{ cpu: 2 }, { cpu: 20 }, { cpu: 6 }] };
  expect(ratioOf(rounds, "cpu", "ours", "floor")).toEqual({ median: 2, least: 2, most: 3 });
  expect(summaryOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
});

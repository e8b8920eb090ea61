import { expect, test } from "vitest";
import { withResult } from "./reliability-runs.ts";

const table = "| what | result | when |\n|---|---|---|\n| kill | kills 10 | May |\n";

test("the result of a long run takes the place of the former one of its subject", () => {
  expect(withResult(table, "kill", { kills: 20, worst: "9 ms" }, "June")).toBe(
    "| what | result | when |\n|---|---|---|\n| kill | kills 20, worst 9 ms | June |\n",
  );
});

test("the first result of a subject is a row at the end", () => {
  expect(withResult(table, "storm", { clients: 5 }, "June")).toBe(`${table}| storm | clients 5 | June |\n`);
});

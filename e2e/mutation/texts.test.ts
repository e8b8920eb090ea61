import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mutants as ai } from "../ai/mutants/index.ts";
import { mutants as leases } from "../leases/mutants.ts";
import { mutants as presence } from "../presence/mutants/index.ts";
import { mutants as simulated } from "../simulation/mutants/index.ts";
import { mutants as tabs } from "../tabs/mutants.ts";
import { mutants as clients } from "./client/mutants.ts";
import { mutants as logs } from "./log/mutants.ts";
import { isPatch, patchedText } from "./mutation.ts";

const ROOT = join(import.meta.dirname, "../..");

// A text pins a line of the sources. docs/decisions/simulation.md says why these have no seam.
test("three mutants of logs are texts, and none of the simulation, of AI, of tabs and of clients", () => {
  const texts = [...logs, ...simulated, ...ai, ...tabs, ...clients].filter(({ mutation }) => isPatch(mutation));
  expect(texts.map(({ breaks }) => breaks)).toEqual([
    "loses entries when it sweeps",
    "checks a retry of what it has appended",
    "checks an entry after those before it",
  ]);
});

// The mutants run much later than those who change a source do: they hear of it here.
test("every text that a mutant replaces is in its source", () => {
  const patches = [...logs, ...simulated, ...ai, ...leases, ...presence, ...tabs, ...clients]
    .map(({ mutation }) => mutation)
    .filter(isPatch);
  expect(patches.length).toBeGreaterThan(20);
  for (const patch of patches) {
    expect(() => patchedText(readFileSync(join(ROOT, patch.file), "utf8"), patch)).not.toThrow();
  }
});

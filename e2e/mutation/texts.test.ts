import { expect, test } from "vitest";
import { mutants as simulated } from "../simulation/mutants/index.ts";
import { mutants as logs } from "./log/mutants.ts";
import { isPatch } from "./mutation.ts";

// A text pins a line of the sources. docs/decisions/simulation.md says why these have no seam.
test("three mutants are texts of a source, and no other", () => {
  const texts = [...logs, ...simulated].filter(({ mutation }) => isPatch(mutation));
  expect(texts.map(({ breaks }) => breaks)).toEqual([
    "loses entries when it sweeps",
    "checks a retry of what it has appended",
    "checks an entry after those before it",
  ]);
});

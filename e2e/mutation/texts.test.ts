import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mutants as ai } from "../ai/mutants/index.ts";
import { mutants as leases } from "../leases/mutants/index.ts";
import { mutants as presence } from "../presence/mutants/index.ts";
import { mutants as simulated } from "../simulation/mutants/index.ts";
import { mutants as tabs } from "../tabs/mutants.ts";
import { mutants as clients } from "./client/mutants.ts";
import { mutants as logs } from "./log/mutants.ts";
import { isPatch, patchedText } from "./mutation.ts";

const ROOT = join(import.meta.dirname, "../..");
const all = [...logs, ...leases, ...presence, ...simulated, ...ai, ...tabs, ...clients];
const texts = all.filter(({ mutation }) => isPatch(mutation));

// A text pins a line of the sources. docs/decisions/simulation.md says why these have no seam.
test("three mutants of logs, three of leases and nine of presence are texts, and none of the others", () => {
  expect(texts.map(({ breaks }) => breaks)).toEqual([
    "loses entries when it sweeps",
    "checks a retry of what it has appended",
    "checks an entry after those before it",
    "events wait without a bound",
    "an address that ends while its lease is taken is leased",
    "a writer is open again before its end has failed",
    "a state keeps away somebody who comes",
    "a newcomer takes the room of somebody else",
    "a number that waits to be published is dropped to make room",
    "a server that ends does not renew its lease if a number is refused",
    "nobody comes after somebody has left a full room",
    "nobody looks whether somebody was withdrawn who was the last one at an address",
    "a lease holds for too long",
    "a value where nobody comes any more stays for ever",
    "changes that come together make a list each",
  ]);
});

// The mutants run much later than those who change a source do: they hear of it here.
test("every text that a mutant replaces is in its source", () => {
  const patches = texts.map(({ mutation }) => mutation).filter(isPatch);
  for (const patch of patches) {
    expect(() => patchedText(readFileSync(join(ROOT, patch.file), "utf8"), patch)).not.toThrow();
  }
});

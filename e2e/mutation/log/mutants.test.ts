import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { memoryLog } from "@tidings/log";
import { appliesTo, laws, tryLaw, type LawName, type OpenLog } from "@tidings/log/conformance";
import { compile } from "../compile.ts";
import { mutants } from "./mutants.ts";

// The conformance suite is worth as much as what it notices: for every way to break a promise there is a memory log
// that does, and the tests of just that law must fail for it.

const ENTRY = fileURLToPath(new URL("../../../packages/log/src/memory-log.ts", import.meta.url));
const LIST = fileURLToPath(new URL("mutants.ts", import.meta.url));
const NONE = "a log in memory";
const FACTS = {
  survivesReopen: false,
  heedsClock: true,
  runs: 10,
  lacks: { cutDoorbell: NONE, restart: NONE, loseSuffix: NONE, skewed: NONE },
};

interface MemoryLogModule {
  readonly memoryLog: typeof memoryLog;
}

/** The gate tries every mutant. Without the gate, the first one of each law is tried. */
const isGate = process.env["TIDINGS_GATE"] !== undefined;
const chosen = [...mutants.entries()].filter(
  ([at, { law }]) => isGate || mutants.findIndex((each) => each.law === law) === at,
);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidings-mutants-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** A copy of the memory log. @param index which mutant it is; null for one that is not broken */
async function importCopy(index: number | null): Promise<MemoryLogModule> {
  const outfile = join(folder, `${index ?? "whole"}.mjs`);
  const mutant = index === null ? undefined : mutants[index];
  await compile({
    entry: ENTRY,
    outfile,
    mutant: mutant === undefined || index === null ? null : { mutation: mutant.mutation, list: LIST, index },
  });
  return import(pathToFileURL(outfile).href) as Promise<MemoryLogModule>; // a copy of it
}

/** The titles of those tests of a law that fail. */
async function failuresOf(copy: MemoryLogModule, law?: LawName): Promise<string[]> {
  const open: OpenLog = async (options) => {
    const log = copy.memoryLog(options);
    return { log, another: async () => log, reopen: async () => copy.memoryLog(options) };
  };
  const tried = laws.filter((each) => appliesTo(each, FACTS) && (law === undefined || each.law === law));
  const outcomes = await Promise.allSettled(tried.map((each) => tryLaw(each, { open, facts: FACTS })));
  return tried.filter((_, index) => outcomes[index]?.status === "rejected").map(({ title }) => title);
}

test("a copy that is not broken passes the suite", async () => {
  expect(await failuresOf(await importCopy(null))).toEqual([]);
});

/** The titles of the tests that have failed for a broken log. */
const noticing = new Set<string>();

for (const [index, { law, breaks }] of chosen) {
  test(`${law}: a log that ${breaks} fails it`, async () => {
    const failures = await failuresOf(await importCopy(index), law);
    for (const title of failures) noticing.add(title);
    expect(failures).not.toEqual([]);
  });
}

test("every law has a log that breaks it", () => {
  const broken = new Set(mutants.map(({ law }) => law));
  expect([...new Set(laws.map(({ law }) => law))].filter((law) => !broken.has(law))).toEqual([]);
});

// Without the gate, most broken logs are not tried.
test.runIf(isGate)("every test of a log in memory fails for one that breaks its law", () => {
  const tried = laws.filter((each) => appliesTo(each, FACTS));
  expect(tried.filter(({ title }) => !noticing.has(title)).map(({ title }) => title)).toEqual([]);
});

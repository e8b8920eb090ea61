/// <reference types="node" />
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { laws, type OpenLog } from "./conformance.ts";
import { appliesTo, tryLaw, type LawName } from "./conformance/law.ts";
import type { memoryLog } from "./memory-log.ts";
import { keepingMutants } from "./mutants/keeping.ts";
import { lawMutants } from "./mutants/laws.ts";
import { methodMutants } from "./mutants/methods.ts";
import type { Mutant } from "./mutants/mutant.ts";

// The suite is worth as much as what it notices: for every way of breaking a promise there is a memory log that does, and the
// tests of just that law must fail for it.

const mutants = [...lawMutants, ...methodMutants, ...keepingMutants];
const FACTS = { survivesReopen: false, heedsClock: true, runs: 10 };

/** A copy in a temporary folder does not find the package by its name. */
const PROTOCOL = fileURLToPath(new URL("../../protocol/src/index.ts", import.meta.url));
const HERE = new URL(".", import.meta.url);

interface MemoryLogModule {
  readonly memoryLog: typeof memoryLog;
}

/** The sources of the memory log, by file name. */
const sources = new Map<string, string>();
let folder: string;

beforeAll(async () => {
  for (const file of await readdir(HERE)) {
    if (/^[a-z-]+\.ts$/.test(file)) sources.set(file, await readFile(new URL(file, HERE), "utf8"));
  }
  folder = await mkdtemp(join(tmpdir(), "tidings-mutants-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** A copy of the memory log, broken or not. */
async function importCopy(
  name: string,
  { file, from, to }: Pick<Mutant, "file" | "from" | "to">,
): Promise<MemoryLogModule> {
  const source = sources.get(file) ?? "";
  expect(source, `the patch of ${file} applies to no line any more`).toContain(from);
  // Only what the patch reaches is copied: the rest is compiled already.
  const reached = [...sources.keys()].filter(
    (each) => each === file || each === "memory-log.ts" || sources.get(each)?.includes(`"./${file}"`) === true,
  );
  const copy = join(folder, name);
  await mkdir(copy);
  for (const each of reached) {
    const text = sources
      .get(each)
      ?.replaceAll('"@tidings/protocol"', JSON.stringify(PROTOCOL))
      .replaceAll(/"\.\/([a-z-]+\.ts)"/g, (specifier, imported: string) =>
        reached.includes(imported) ? specifier : JSON.stringify(fileURLToPath(new URL(imported, HERE))),
      );
    await writeFile(join(copy, each), each === file ? (text?.replaceAll(from, to) ?? "") : (text ?? ""));
  }
  return import(pathToFileURL(join(copy, "memory-log.ts")).href) as Promise<MemoryLogModule>; // a copy of it
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
  expect(
    await failuresOf(
      await importCopy("whole", { file: "memory-log.ts", from: "class MemoryLog", to: "class MemoryLog" }),
    ),
  ).toEqual([]);
});

for (const [index, { law, breaks, ...patch }] of mutants.entries()) {
  test(`${law}: a log that ${breaks} fails it`, async () => {
    expect(await failuresOf(await importCopy(`mutant-${index}`, patch), law)).not.toEqual([]);
  });
}

test("every law has a log that breaks it", () => {
  const broken = new Set(mutants.map(({ law }) => law));
  expect([...new Set(laws.map(({ law }) => law))].filter((law) => !broken.has(law))).toEqual([]);
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { compile } from "../mutation/compile.ts";
import { mutants } from "./mutants.ts";
import type * as runModule from "./run.ts";

vi.setConfig({ testTimeout: 120_000 });

// The schedules are worth as much as what they notice.
const ENTRY = fileURLToPath(new URL("run.ts", import.meta.url));
const LIST = fileURLToPath(new URL("mutants.ts", import.meta.url));
const MOST_RUNS = 150;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidings-tabs-"));
});

afterAll(() => rm(folder, { recursive: true }));

test.for(mutants.map(({ breaks }, index) => [breaks, index] as const))(
  "the schedules notice when %s",
  async ([, index]) => {
    const { mutation } = mutants[index] ?? {};
    if (!mutation) throw new Error("Expected a mutation, got none.");
    const outfile = join(folder, `${index}.mjs`);
    await compile({ entry: ENTRY, outfile, mutant: { mutation, list: LIST, index } });
    const { run } = (await import(pathToFileURL(outfile).href)) as typeof runModule;
    let faults: readonly string[] = [];
    let seed = 0;
    while (faults.length === 0 && seed < MOST_RUNS) faults = await run(++seed);
    expect(faults).not.toEqual([]);
  },
);

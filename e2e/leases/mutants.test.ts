import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { compile } from "../mutation/compile.ts";
import { mutants } from "./mutants.ts";
import type * as storiesModule from "./stories.ts";

vi.setConfig({ testTimeout: 120_000 });

// The stories are worth as much as what they notice.
const ENTRY = fileURLToPath(new URL("stories.ts", import.meta.url));
const LIST = fileURLToPath(new URL("mutants.ts", import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidings-leases-"));
});

afterAll(() => rm(folder, { recursive: true }));

test.for(mutants.map(({ breaks }, index) => [breaks, index] as const))(
  "the stories notice when %s",
  async ([, index]) => {
    const { mutation } = mutants[index] ?? {};
    if (!mutation) throw new Error("Expected a mutation, got none.");
    const outfile = join(folder, `${index}.mjs`);
    await compile({ entry: ENTRY, outfile, mutant: { mutation, list: LIST, index } });
    const { faultOf, stories } = (await import(pathToFileURL(outfile).href)) as typeof storiesModule;
    let fault: unknown = null;
    for (const name of Object.keys(stories)) fault ??= await faultOf(name);
    expect(fault).not.toBeNull();
  },
);

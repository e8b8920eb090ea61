import { expect, test, vi } from "vitest";
import { importCopy } from "../mutation/import-copy.ts";
import { mutants } from "./mutants.ts";
import type * as runModule from "./run.ts";

vi.setConfig({ testTimeout: 120_000 });

// The schedules are worth as much as what they notice.
const copied = { beside: import.meta.url, entry: "run.ts", list: "mutants.ts", mutants };
const MOST_RUNS = 150;

test.for(mutants.map(({ breaks }, index) => [breaks, index] as const))(
  "the schedules notice when %s",
  async ([, index]) => {
    const { run } = await importCopy<typeof runModule>(copied, index);
    let faults: readonly string[] = [];
    let seed = 0;
    while (faults.length === 0 && seed < MOST_RUNS) faults = await run(++seed);
    expect(faults).not.toEqual([]);
  },
);

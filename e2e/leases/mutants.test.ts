import { expect, test, vi } from "vitest";
import { importCopy } from "../mutation/import-copy.ts";
import { mutants } from "./mutants.ts";
import type * as storiesModule from "./stories/index.ts";

vi.setConfig({ testTimeout: 120_000 });

// The stories are worth as much as what they notice.
const copied = { beside: import.meta.url, entry: "stories/index.ts", list: "mutants.ts", mutants };

test.for(mutants.map(({ breaks }, index) => [breaks, index] as const))(
  "the stories notice when %s",
  async ([, index]) => {
    const { faultOf, stories } = await importCopy<typeof storiesModule>(copied, index);
    let fault: unknown = null;
    for (const name of Object.keys(stories)) fault ??= await faultOf(name);
    expect(fault).not.toBeNull();
  },
);

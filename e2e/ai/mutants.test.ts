import { expect, test, vi } from "vitest";
import { importCopy } from "../mutation/import-copy.ts";
import { mutants } from "./mutants/index.ts";
import type * as storiesModule from "./stories/index.ts";

vi.setConfig({ testTimeout: 120_000 });

// The stories are worth as much as what they notice.
const copied = { beside: import.meta.url, entry: "stories/index.ts", list: "mutants/index.ts", mutants };

test.for(mutants.map(({ breaks, by }, index) => [by, breaks, index] as const))(
  "the stories of %s notice when %s",
  async ([by, , index]) => {
    const { faultOf, stories } = await importCopy<typeof storiesModule>(copied, index);
    let fault: unknown = null;
    for (const story of Object.values<storiesModule.Story>(stories[by])) fault ??= await faultOf(story);
    expect(fault).not.toBeNull();
  },
);

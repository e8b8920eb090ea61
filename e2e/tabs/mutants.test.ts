import { vi } from "vitest";
import { describeHunt } from "../mutation/describe-hunt.ts";
import { importCopy } from "../mutation/import-copy.ts";
import { mutants } from "./mutants.ts";
import type * as storiesModule from "./stories/index.ts";

vi.setConfig({ testTimeout: 120_000 });

const copied = { beside: import.meta.url, entry: "stories/index.ts", list: "mutants.ts", mutants };

describeHunt(mutants, async (subject, index) => {
  const { stories } = await importCopy<typeof storiesModule>(copied, index);
  return Object.values(stories[subject]);
});

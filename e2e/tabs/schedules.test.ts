import { expect, test } from "vitest";
import { run } from "./run.ts";

// docs/decisions/tabs.md says what tabs promise each other. The stories tell it, and these look for anything else.
test.for([1, 11, 21, 31])(
  "whatever happens to ten browsers with some tabs, all get what they are owed, over one stream (from seed %i)",
  async (first) => {
    for (let seed = first; seed < first + 10; seed++) {
      expect([seed, ...(await run(seed))]).toEqual([seed]);
    }
  },
);

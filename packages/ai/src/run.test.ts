import { expect, test } from "vitest";
import { runChannel } from "./run.ts";

test.each(["runs/:id", "runs/:runIdentity", "runs/at:runId", undefined])(
  "the pattern %s, which has no param runId, is refused",
  (pattern) => {
    // Safe: programs without types may pass it.
    expect(() => runChannel(pattern as "runs/:runId")).toThrow(/to have the param ":runId"/);
  },
);

import { expect, onTestFinished, test } from "vitest";
import { createDispatchStage, fastestOf } from "../test/dispatch-stage.ts";

/**
 * A client that looks at all its subscriptions for each event is forty times as slow with 4,000 of them as with 1.
 * benchmarks/client-dispatch.ts has the exact ratio.
 */
const FACTOR = 6;

test("an event costs as much with 4,000 subscriptions as with 1", async () => {
  const stages = await Promise.all([1, 4_000].map((count) => createDispatchStage(count)));
  onTestFinished(() => stages.forEach((stage) => stage.close()));
  const [alone = 0, among = 0] = await fastestOf(stages, { rounds: 9, events: 500 });
  expect(among / alone).toBeLessThan(FACTOR);
});

import { act, oneOf, times, type Scenario } from "./scenario.ts";
import { after, clearing, failOver, reads } from "./steps.ts";

const WORLD = { servers: 2, hasPlain: false, kept: 1_000, keptBytes: Infinity, rules: [], drag: 0 };

/** Several who replace one value. */
export const edits = {
  "several edit one value, and the log answers late or not at all": {
    reaches: "expects: no update is lost, and a conflict publishes nothing",
    world: { ...WORLD, actors: ["editors"] },
    story: [
      times(
        4,
        8,
        oneOf(act("appends"), reads("slow"), reads("failing"), act("doorbell"), act("crash"), act("restart")),
        act("longWait", { a: [0.05, 0.2] }),
        oneOf(clearing, act("wait")),
      ),
    ],
  },
  "several edit one value, and the log fails over": {
    reaches: "expects: what stands is what the failover has left",
    world: { ...WORLD, actors: ["editors"] },
    story: [times(4, 8, act("longWait", { a: [0.05, 0.2] }), failOver(2, after(300)))],
  },
} satisfies Record<string, Scenario>;

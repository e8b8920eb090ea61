import { act, oneOf, times, type Scenario } from "./scenario.ts";
import { after, clearing, failOver, longWait } from "./steps.ts";

const WORLD = { servers: 2, hasPlain: false, kept: 1_000, keptBytes: Infinity, rules: [], drag: 0 };

/** People who come and go. */
export const visits = {
  "people come and go while servers die": {
    reaches: "presence: after quiet, everybody sees who is there",
    world: { ...WORLD, actors: ["visitors"] },
    story: [times(3, 6, longWait, oneOf(act("crash"), act("restart"), act("cut"), act("away")))],
  },
  "people come and go while the log fails": {
    reaches: "presence: what a log has refused or lost is repaired",
    world: { ...WORLD, actors: ["visitors"] },
    story: [
      // Refused for longer than a lease holds.
      times(2, 4, longWait, act("appends", { a: [0.34, 0.66] }), longWait, longWait, clearing),
      times(1, 2, oneOf(act("appends"), act("reads"), act("doorbell")), longWait, clearing),
      failOver(4, after(300)),
      longWait,
    ],
  },
} satisfies Record<string, Scenario>;

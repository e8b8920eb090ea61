import { act, oneOf, times, type Scenario } from "./scenario.ts";
import { after, clearing, doorbells, failOver } from "./steps.ts";

const WORLD = { servers: 2, hasPlain: false, kept: 1_000, keptBytes: Infinity, rules: [], drag: 0 };

/** Two who want to write to the same addresses. */
export const leases = {
  "writers die with their servers": {
    reaches: "leases: a writer that dies is ended within the lease and two seconds",
    world: { ...WORLD, actors: ["writers"] },
    story: [times(4, 8, act("longWait", { a: [0.05, 0.2] }), oneOf(act("crash"), act("restart")))],
  },
  "writers lose their leases to a log that is slow": {
    reaches: "leases: one writer at a time, also if the former one comes back",
    world: { ...WORLD, actors: ["writers"] },
    story: [
      times(
        4,
        8,
        act("appends", { a: [0, 0.33] }),
        act("longWait", { a: [0.2, 0.5] }),
        oneOf(clearing, doorbells("lost"), act("crash")),
      ),
    ],
  },
  "writers write while the log loses what they have": {
    reaches: "leases: a lease that a failover has taken is nobody's",
    world: { ...WORLD, actors: ["writers"] },
    story: [
      times(
        4,
        8,
        act("longWait", { a: [0.05, 0.2] }),
        failOver(3, after(100)),
        act("appends", { a: [0.4, 1] }),
        clearing,
      ),
    ],
  },
} satisfies Record<string, Scenario>;

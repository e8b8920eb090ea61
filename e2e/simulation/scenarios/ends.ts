import { act, oneOf, times, type Scenario } from "./scenario.ts";
import { after, failOver, settled } from "./steps.ts";

/** An address that ends, and those who come before and after that. */
export const ends = {
  "an address ends, and readers come and go": {
    reaches: "ends: nothing comes after an end, and nobody waits for what has ended",
    world: { hasPlain: false, actors: [], kept: 1_000, keptBytes: Infinity },
    story: [
      times(1, 3, act("followJob")),
      times(2, 6, act("step"), oneOf(act("read"), act("cut"), act("wait"))),
      act("end"),
      times(2, 4, act("step"), oneOf(act("followJob"), act("cut"), act("read"))),
      oneOf(act("restart"), act("crash"), act("wait")),
      times(1, 3, act("followJob", settled)),
      act("wait"),
    ],
  },
  "an address ends, and the log fails over": {
    reaches: "ends: a failover may take an end, and then the address goes on",
    world: { hasPlain: false, actors: [], kept: 1_000, keptBytes: Infinity },
    story: [
      times(1, 3, act("followJob")),
      times(2, 5, act("step", after(50))),
      act("end", after(50)),
      failOver(2, after(400)),
      times(2, 4, act("step"), act("followJob")),
      act("end"),
      times(1, 3, act("step"), act("followJob")),
      failOver(3, after(400)),
      act("wait"),
    ],
  },
} satisfies Record<string, Scenario>;

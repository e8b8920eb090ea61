import { act, times, type Scenario } from "./scenario.ts";
import { after, failOver, flood, publish } from "./steps.ts";

/** A job of the application, which reads on a server and is killed now and then. */
export const jobs = {
  "a job falls behind what retention keeps": {
    reaches: "loops: a gap comes before anything newer",
    world: { actors: ["job"], kept: 3, ringEntries: 2 },
    story: [times(6, 10, flood("room a"), flood("feed x"), act("wait"))],
  },
  "a job reads while the log fails over": {
    reaches: "loops: what a failover has taken is named by a gap",
    world: { actors: ["job"], kept: 1_000 },
    story: [times(6, 10, publish("room a", after(50)), publish("feed x", after(400)), failOver(3, after(1_100)))],
  },
  "a job is killed again and again": {
    reaches: "loops: nothing is lost and nothing comes twice",
    world: { actors: ["job"], kept: 1_000 },
    story: [times(8, 12, flood("room a"), flood("feed x"), act("wait"))],
  },
} satisfies Record<string, Scenario>;

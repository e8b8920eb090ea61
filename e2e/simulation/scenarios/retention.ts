import { act, oneOf, times, type Scenario } from "./scenario.ts";
import { clearing, flood, follow, followByHandlers, longWait, now, publish, reads, settled } from "./steps.ts";

const VIEWERS = [0, 1, 2] as const;

/** Retention takes what a reader is owed: there is a gap for every hole, and none without a hole. */
export const retention = {
  "retention takes what readers are owed": {
    reaches: "law 2, law 7, law 8, law 11: a gap for every hole, and for nothing else",
    world: { kept: 4 },
    story: [
      times(3, 6, act("follow", settled)),
      times(
        3,
        5,
        oneOf(act("hold"), act("restart"), act("publish")),
        oneOf(flood("room a"), flood("feed x"), act("flood")),
        act("publish"),
      ),
    ],
  },
  "retention takes what is too much for the whole log": {
    reaches: "law 7: a gap for every hole, also in a quiet channel when others are busy",
    world: { kept: 1_000, keptBytes: 2_000, ringEntries: 2 },
    story: [
      times(3, 6, act("follow", settled)),
      times(
        3,
        5,
        publish("room b", settled),
        oneOf(act("hold"), act("restart")),
        times(1, 2, publish("room b")),
        oneOf(flood("room a"), flood("feed x")),
        clearing,
        publish("room b"),
      ),
    ],
  },
  "a deploy keeps more than the one before": {
    reaches: "law 7, retention: nothing goes by rules that others have replaced",
    world: {
      kept: 3,
      keptBytes: Infinity,
      ringEntries: 2,
      servers: 1,
      rules: [{ default: { entries: 2 } }, { channels: { room: { entries: 1_000 }, feed: { entries: 900 } } }],
    },
    story: [
      times(3, 6, act("follow", settled)),
      act("restart", settled),
      times(
        3,
        5,
        publish("room b", settled),
        act("hold"),
        times(1, 2, publish("room b")),
        oneOf(flood("room a"), flood("feed x"), flood("room b")),
        clearing,
        publish("feed x"),
      ),
    ],
  },
  "retention takes what loops are owed": {
    reaches: "law 8: a reader that begins anew goes on where its gap ended",
    world: { kept: 3, pageEvents: 2 },
    story: [
      times(6, 9, act("follow", settled)),
      times(
        4,
        7,
        act("flood"),
        times(0, 2, act("read")),
        act("restart", now),
        times(1, 3, act("batch")),
        times(0, 2, act("publish")),
      ),
    ],
  },
  "other channels are busy": {
    reaches: "law 11: entries of other channels are no gap",
    world: { ringEntries: 2, kept: 1_000 },
    story: [
      times(3, 4, act("follow", settled)),
      times(6, 9, publish("room a"), publish("feed y"), oneOf(act("restart"), act("cut"), act("follow"))),
    ],
  },
  "the ring is smaller than what is published": {
    reaches: "law 1, law 7: readers go on from the log, each channel by itself",
    world: { ringEntries: 3, kept: 5, pageEvents: 3 },
    story: [
      times(4, 6, act("follow", settled)),
      times(
        4,
        7,
        oneOf(act("hold"), act("restart"), reads("slow")),
        times(1, 3, act("batch")),
        oneOf(act("flood"), act("publish")),
        act("publish"),
        oneOf(clearing, act("release"), longWait),
        follow("room b"),
      ),
    ],
  },
  "pages come from a copy that lags": {
    reaches: "law 7: a page that does not have the loss yet cannot hide it",
    world: { kept: 4, pageEvents: 2, ringEntries: 2, servers: 1, maxAge: 3_600_000, hasPlain: false, drag: 0 },
    story: [
      ...VIEWERS.flatMap((viewer) => [
        followByHandlers(viewer, "feed x", settled),
        followByHandlers(viewer, "feed y", settled),
      ]),
      times(
        4,
        5,
        publish("feed x", settled),
        act("lag", now),
        act("restart", now),
        // Streams send the gap together with these, and read slowly on to the entries behind the loss.
        times(3, 4, publish("feed y", now)),
        flood("feed x", settled),
        reads("slow", now),
        times(2, 3, act("wait", { a: [0.4, 1] })),
        clearing,
        longWait,
      ),
    ],
  },
} satisfies Record<string, Scenario>;

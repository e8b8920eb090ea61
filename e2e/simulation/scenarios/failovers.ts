import { act, oneOf, times, type Scenario } from "./scenario.ts";
import {
  clearing,
  failOver,
  doorbells,
  loseMuch,
  flood,
  follow,
  followByHandlers,
  followByLoop,
  longWait,
  now,
  publish,
  reads,
  reset,
  settled,
  states,
  value,
} from "./steps.ts";

const VIEWERS = [0, 1, 2] as const;

/** The log goes on without its newest entries, or is replaced. */
export const failovers = {
  "failovers with readers": {
    reaches: "law 2, law 3, law 4: positions of a lost suffix",
    world: { kept: 1_000 },
    story: [
      times(3, 5, act("follow", settled)),
      times(
        3,
        5,
        times(2, 5, act("publish", settled)),
        oneOf(failOver(1), failOver(3), reset(), reset()),
        times(0, 2, act("publish")),
        act("history"),
      ),
    ],
  },
  "one failover after another": {
    reaches: "law 12: a third gap within a minute is the last",
    world: { kept: 1_000 },
    story: [
      times(4, 6, act("follow", settled)),
      times(
        5,
        7,
        times(2, 4, act("publish", settled)),
        failOver(5, settled),
        times(1, 2, act("publish")),
        act("wait", { a: [0.2, 0.6] }),
      ),
    ],
  },
  "a failover that no hub notices": {
    reaches: "law 2: a ring that lags behind a failover validates nothing",
    world: { kept: 1_000, hasPlain: true },
    story: [
      times(2, 3, act("follow", settled)),
      times(3, 5, times(2, 4, act("batch", settled)), act("unheard", { b: [0, 0.7] }), clearing, act("wait")),
    ],
  },
  "a failover between two pages of values": {
    reaches: "latest, law 8: current values are of one log",
    world: { kept: 1_000, pageEvents: 2 },
    story: [
      times(2, 3, act("follow", settled)),
      times(3, 5, times(2, 4, value("feed x")), act("split"), oneOf(follow("feed x"), follow("feed y")), act("wait")),
    ],
  },
  "a failover between two pages of values, without our client": {
    reaches: "latest, law 8: current values are of one log, on a stream",
    world: { kept: 1_000, pageEvents: 2, hasPlain: true },
    story: [
      act("follow", settled),
      act("wait"),
      times(3, 5, times(1, 3, value("feed x")), act("split", settled), act("reload", settled), act("wait")),
    ],
  },
  "a failover between pages, with loops": {
    reaches: "law 4: what a page has brought is of the log before",
    world: { kept: 1_000, pageEvents: 2 },
    story: [
      times(2, 3, act("follow", settled)),
      times(
        4,
        6,
        act("split", settled),
        oneOf(follow("room b", now), follow("feed x", now)),
        act("publish", now),
        oneOf(act("doorbell", { a: [0, 0.3] }), act("read")),
        act("follow"),
        clearing,
      ),
    ],
  },
  "the log is replaced while states load": {
    reaches: "law 8: a state and its position are of one log",
    world: { kept: 1_000 },
    story: [
      times(2, 3, act("batch")),
      times(
        3,
        4,
        states("old", settled),
        times(1, 2, act("batch", settled)),
        follow("room a", { a: [0, 0.33], ...settled }),
        reset(settled),
        times(2, 3, publish("room a", settled)),
        times(1, 2, follow("room a", { a: [0.34, 1], ...settled })),
        times(0, 2, act("publish")),
        clearing,
        act("wait", { a: [0.5, 1] }),
      ),
    ],
  },
  "a reader begins anew in a log that is lost": {
    reaches: "law 7: a start that is lost is more than what was trimmed since",
    world: { kept: 4, ringEntries: 1_000, servers: 1, hasPlain: false, pageEvents: 12 },
    story: [
      ...VIEWERS.map((viewer) => followByHandlers(viewer, "feed x", settled)),
      times(
        3,
        4,
        times(2, 3, publish("feed x", settled)),
        act("restart", settled),
        flood("feed x", settled),
        // They come back and get the gap. Then the log loses everything that they have.
        act("wait", { a: [0, 0.4], ...now }),
        loseMuch("read", now),
        reads("slow", now),
        publish("feed x", settled),
        act("wait", { a: [0, 0.3], ...settled }),
        flood("feed x", settled),
        longWait,
        clearing,
        act("wait"),
      ),
    ],
  },

  "a page was read before a failover, and comes after it": {
    reaches: "law 4: what the stream has carried past before a failover does not count",
    world: { kept: 1_000, ringEntries: 1_000, pageEvents: 12, servers: 1, hasPlain: false },
    story: [
      followByHandlers(0, "feed y", settled),
      followByHandlers(0, "feed x", settled),
      followByLoop(0, "feed y", settled),
      times(
        5,
        6,
        // The loop falls behind, and goes on by a page.
        times(3, 4, publish("feed y", settled)),
        doorbells("lost", now),
        reads("stale", now),
        // The stream does not hear of this one before it is lost; the page has it.
        publish("feed y", settled),
        times(2, 4, act("read", settled)),
        failOver(1, settled),
        clearing,
        // The stream goes on with other channels until the page is there.
        times(2, 3, publish("feed x", settled)),
        act("wait"),
        times(1, 2, publish("feed y", settled)),
        times(6, 10, act("read", settled)),
      ),
    ],
  },
} satisfies Record<string, Scenario>;

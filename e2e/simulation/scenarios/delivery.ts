import { act, oneOf, times, type Scenario } from "./scenario.ts";
import {
  after,
  flood,
  follow,
  followByHandlers,
  failOver,
  longWait,
  now,
  publish,
  reads,
  settled,
  value,
  clearing,
} from "./steps.ts";

/** Publishing, reading and connections that break, without a loss in the log. */
export const delivery = {
  "much is published in every mode": {
    reaches: "law 1, law 5, law 6, law 9, law 10, handles: live readers",
    story: [
      times(3, 5, act("follow")),
      times(10, 20, oneOf(act("publish"), act("value"), act("batch"), act("volatile"))),
    ],
  },
  "a busy server with many readers": {
    reaches: "turns: everybody gets a turn of the event loop",
    world: { drag: 3 },
    story: [times(8, 12, act("follow", settled)), times(6, 10, oneOf(act("batch"), act("flood")))],
  },
  "the log is slow, and the ring has moved on": {
    reaches: "law 9: a heartbeat carries the position of its own connection",
    world: { ringEntries: 2, pageEvents: 12, kept: 1_000, servers: 1, maxAge: 3_600_000 },
    story: [
      times(4, 6, follow("room a", settled)),
      times(
        5,
        6,
        reads("slow", now),
        flood("room a", settled),
        act("wait", { a: [0.7, 1], ...now }),
        // A reader that has got a heartbeat meanwhile comes back with its position.
        times(3, 4, act("cut", { b: 0, ...now })),
        clearing,
        act("wait", { a: [0.6, 1] }),
      ),
    ],
  },

  "a doorbell rings while the log is read": {
    reaches: "law 10: a wake-up is not lost",
    world: { pageEvents: 12, drag: 0, kept: 1_000, servers: 1 },
    // One proof in forty publishes its last event while the log is read.
    story: [followByHandlers(2, "inbox", settled), times(60, 80, act("proveDoorbell", settled))],
  },
  "sockets fill up": {
    reaches: "law 1: a connection waits for a full socket",
    story: [
      times(3, 5, act("follow", settled)),
      times(4, 8, act("hold", now), times(3, 6, act("large", { b: [0.1, 1] }))),
    ],
  },
  "frames come in parts": {
    reaches: "law 3: an id is that of a whole frame",
    story: [
      times(3, 5, act("follow", settled)),
      times(
        6,
        10,
        act("trickle", { b: [0, 0.9], ...settled }),
        act("batch", now),
        times(1, 3, act("trickle", settled)),
        act("cut"),
      ),
    ],
  },
  "pieces come twice": {
    reaches: "once: what comes again is not handled again",
    world: { kept: 1_000 },
    story: [
      times(3, 5, act("follow", settled)),
      times(4, 6, act("repeat"), times(1, 3, act("publish")), act("hold"), times(1, 3, act("publish")), act("release")),
    ],
  },
  "pieces come twice, with failovers": {
    reaches: "once: what comes twice in one piece, with another epoch inside",
    world: { kept: 1_000, hasPlain: false },
    story: [
      times(4, 6, act("follow", settled)),
      times(
        4,
        6,
        times(2, 4, act("publish", settled)),
        act("repeat", { b: [0.5, 1], ...settled }),
        oneOf(act("hold", now), act("publish", now)),
        times(1, 3, act("publish", { b: [0.5, 1], ...now })),
        failOver(2, now),
        times(1, 3, act("publish", { b: [0.5, 1], ...now })),
        act("release", settled),
      ),
    ],
  },
  "impatient publishers": {
    reaches: "idempotency: a key publishes once",
    story: [act("follow"), times(5, 10, act("publish", { b: [0, 0.5] }))],
  },
  "a proxy keeps streams back": {
    reaches: "polls: they go on from where the stream stood",
    world: { kept: 1_000 },
    story: [
      times(3, 5, act("follow", settled)),
      times(1, 3, act("publish", settled)),
      act("keepStreams", settled),
      times(2, 3, act("publish", settled), act("longWait", { a: [0.8, 1], ...settled })),
      times(3, 6, act("publish", settled), act("wait", settled)),
      clearing,
      longWait,
    ],
  },
  "connections fall silent": {
    reaches: "silence: a reader that gets nothing comes back",
    story: [
      times(3, 5, act("follow", settled)),
      times(3, 5, act("publish"), oneOf(act("halfOpen"), act("crash", { b: [0, 0.3] }))),
      longWait,
    ],
  },
  "loops are read slowly while servers restart": {
    reaches: "law 1: the cursor of a loop is that of what it has taken",
    world: { kept: 1_000 },
    story: [
      times(4, 6, act("follow", settled)),
      times(4, 8, act("batch"), act("read"), times(1, 3, act("publish")), act("restart"), act("wait")),
    ],
  },
  "pages of history": {
    reaches: "history: what the log keeps, contiguous and in order",
    story: [times(6, 10, act("batch")), times(6, 10, act("history"))],
  },
  "volatile events that come too late": {
    reaches: "volatile: owed for five seconds",
    world: { kept: 1_000 },
    story: [
      times(4, 6, follow("room a", settled), follow("room b", settled)),
      times(
        4,
        6,
        oneOf(act("hold", now), act("halfOpen", now), act("crash", now), reads("slow", now)),
        times(1, 3, act("volatile", now)),
        act("wait", { a: [0.8, 1] }),
        act("wait", { a: [0.3, 1] }),
        act("release"),
      ),
    ],
  },
  "values that expire": {
    reaches: "latest: an expired value is withdrawn",
    world: { hasPlain: true },
    story: [
      times(2, 4, follow("feed x", settled)),
      times(4, 6, value("feed x"), value("feed y")),
      longWait,
      times(0, 2, longWait),
    ],
  },
  "values that replace each other": {
    reaches: "latest: the newest value counts",
    world: { hasPlain: true },
    story: [
      times(2, 4, act("follow", settled)),
      times(5, 8, act("value"), act("value"), oneOf(act("clear"), act("reload"), act("follow"), act("leave"))),
    ],
  },
  "values change while somebody begins": {
    reaches: "latest: current values come before newer ones",
    world: { pageEvents: 12, kept: 1_000 },
    story: [
      times(2, 3, act("follow", settled)),
      times(
        4,
        6,
        value("feed x", { b: [0, 0.25], ...settled }),
        reads("stale", now),
        follow("feed x", now),
        times(3, 5, value("feed x", { b: [0, 0.25], ...after(200) })),
        clearing,
        act("wait"),
      ),
    ],
  },
  "values change between two parts of them": {
    reaches: "latest: what changes between two parts comes after them",
    world: { pageEvents: 2, kept: 1_000 },
    story: [
      times(2, 3, act("follow", settled)),
      times(
        4,
        6,
        times(5, 8, value("feed x", settled)),
        reads("slow", now),
        follow("feed x", now),
        times(3, 5, publish("feed x", after(200))),
        clearing,
        act("wait"),
      ),
    ],
  },
} satisfies Record<string, Scenario>;

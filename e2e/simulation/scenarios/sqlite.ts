import { act, oneOf, times, type Scenario } from "./scenario.ts";
import { flood, follow, now, settled } from "./steps.ts";

const engine = "sqlite";

/** A log that is a file, with transactions, several processes and older copies. */
export const sqlite = {
  "transactions commit, roll back and stay open": {
    engine,
    reaches: "law 6, patience: events of transactions",
    story: [
      times(2, 4, act("follow", settled)),
      times(4, 6, act("transact"), times(1, 2, act("publish")), act("wait", { a: [0, 1] })),
    ],
  },
  "two processes have one file": {
    engine,
    reaches: "law 10: what another process has written is heard",
    world: { servers: 2 },
    story: [times(3, 5, act("follow", settled)), times(3, 5, act("publish"))],
  },
  "retention takes rows": {
    engine,
    reaches: "law 7: what is deleted leaves a mark",
    world: { kept: 3 },
    story: [
      times(3, 5, act("follow", settled)),
      times(
        3,
        4,
        act("publish"),
        oneOf(act("crash"), act("hold"), act("restart")),
        act("flood"),
        flood("room a"),
        flood("feed x"),
      ),
    ],
  },
  "two processes keep more than their file was told to": {
    engine,
    reaches: "law 7, retention: the rules that are stored hold",
    world: {
      kept: 3,
      keptBytes: Infinity,
      ringEntries: 2,
      servers: 2,
      rules: [{ default: { entries: 500 } }, { default: { entries: 900 } }],
    },
    story: [
      times(3, 5, act("follow", settled)),
      times(
        3,
        4,
        act("hold"),
        oneOf(flood("room a"), flood("feed x")),
        act("longWait", { a: [0.4, 1] }),
        oneOf(act("publish"), flood("room b")),
      ),
    ],
  },
  "an older copy is put back": {
    engine,
    reaches: "law 3, law 4: the epoch of a copy has ended",
    world: { kept: 1_000 },
    story: [
      times(3, 5, act("follow", settled)),
      act("copy"),
      times(2, 4, times(2, 5, act("publish")), act("putBack"), times(0, 3, act("publish")), act("copy")),
    ],
  },
  "volatile events that come too late, in a file": {
    engine,
    reaches: "volatile: owed for five seconds by SQLite, too",
    story: [
      times(2, 4, follow("room a", settled), follow("room b", settled)),
      times(
        3,
        5,
        act("crash", now),
        times(1, 2, act("volatile", now)),
        act("wait", { a: [0.8, 1] }),
        act("crash"),
        act("wait"),
      ),
    ],
  },
} satisfies Record<string, Scenario>;

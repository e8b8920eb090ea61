import { act, oneOf, times, type Scenario } from "./scenario.ts";
import { clearing, failOver, follow, lateRows, now, publish, settled, states } from "./steps.ts";

/** The application's state, and the position that comes with it. */
export const snapshots = {
  "events come while states load": {
    reaches: "law 8: the position is read before the state",
    world: { kept: 1_000 },
    story: [
      times(
        4,
        6,
        states("old", now),
        oneOf(follow("room a", now), follow("room b", now)),
        times(2, 4, publish("room a"), publish("room b")),
        act("wait"),
      ),
    ],
  },
  "rows are readable later than their events": {
    reaches: "law 8: the position is a little before the head",
    world: { kept: 1_000 },
    story: [
      lateRows,
      times(
        4,
        6,
        times(1, 3, publish("room a", settled)),
        follow("room a", settled),
        oneOf(act("wait"), publish("room b")),
      ),
    ],
  },
  "a failover just after a state": {
    reaches: "law 8: the position is after what the state shows",
    world: { kept: 1_000 },
    story: [
      times(
        4,
        6,
        times(1, 3, publish("room a", settled)),
        follow("room a"),
        failOver(3),
        publish("room a", settled),
        clearing,
        act("wait"),
      ),
    ],
  },
  "several ask for one state": {
    reaches: "law 12: those that ask together share one load",
    story: [
      times(
        3,
        5,
        oneOf(states("late", now), states("old", now)),
        times(2, 4, follow("room a", settled), follow("room b", settled)),
        clearing,
        act("wait", settled),
      ),
    ],
  },
} satisfies Record<string, Scenario>;

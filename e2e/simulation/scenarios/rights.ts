import { act, nth, oneOf, times, type Scenario } from "./scenario.ts";
import {
  after,
  follow,
  followByHandlers,
  grantForAWhile,
  narrow,
  now,
  publish,
  revoke,
  rights as rightsAre,
  settled,
  states,
  value,
} from "./steps.ts";

const VIEWERS = [0, 1, 2] as const;

/** The rights of viewers: what they may read, from where on, and until when. */
export const rights = {
  "rights are taken": {
    reaches: "authorisation: a recheck ends what is no longer allowed",
    story: [
      times(4, 7, act("follow", settled)),
      times(3, 5, act("revoke"), times(1, 3, act("publish")), act("wait"), times(2, 4, act("publish")), act("grant")),
    ],
  },
  "rights are taken, and the answer is slow": {
    reaches: "authorisation: nothing more is written until the answer is there",
    world: { kept: 1_000, maxAge: 3_600_000 },
    story: [
      ...VIEWERS.map((viewer) => followByHandlers(viewer, "room b", settled)),
      rightsAre("late", settled),
      times(2, 3, revoke("room b", now), times(10, 12, publish("room b", after(300))), act("grant", { b: [0.7, 1] })),
    ],
  },
  "rights end while streams open": {
    reaches: "authorisation, rights: what is answered late is asked again",
    story: [
      act("follow", settled),
      times(
        3,
        5,
        rightsAre("old", settled),
        times(1, 3, act("follow", now)),
        oneOf(act("grantForAWhile", now), act("revoke", now)),
        times(0, 2, act("grantForAWhile")),
        act("wait"),
        times(3, 5, act("publish"), act("wait", { a: [0.1, 0.4] })),
        act("grant"),
      ),
    ],
  },
  "rights are granted for a while, again and again": {
    reaches: "rights: the newest answer counts",
    world: { kept: 1_000, servers: 1, maxAge: 3_600_000 },
    story: [
      ...VIEWERS.map((viewer) => followByHandlers(viewer, "room b", settled)),
      rightsAre("old", settled),
      // The answers to the first orders have no end for those who follow the room only.
      ...VIEWERS.flatMap((viewer) => [
        grantForAWhile(viewer, "feed x", [0, 8_000], after(20)),
        grantForAWhile(viewer, "feed y", [0, 8_000], after(20)),
        grantForAWhile(viewer, "room b", [500, 6_000], after(20)),
      ]),
      times(12, 14, publish("room b"), act("wait", { a: [0.2, 0.4] })),
    ],
  },

  "commands are lost while streams open": {
    reaches: "authorisation: a command that a failover has taken may have been any command",
    world: { kept: 1_000, maxAge: 3_600_000 },
    story: [
      rightsAre("old", now),
      ...VIEWERS.map((viewer) =>
        oneOf(followByHandlers(viewer, "room b", now), followByHandlers(viewer, "feed x", now)),
      ),
      times(0, 2, act("publish", now)),
      // The requests have arrived, and their streams are not open yet.
      act("unheard", after(20)),
      ...VIEWERS.flatMap((viewer) => [
        grantForAWhile(viewer, "feed x", [500, 6_000], now),
        grantForAWhile(viewer, "room b", [500, 6_000], now),
      ]),
      times(0, 1, act("unheard", after(20))),
      times(12, 14, publish("room b"), publish("feed x"), act("wait", { a: [0.2, 0.4] })),
    ],
  },

  "credentials end": {
    reaches: "credentials: nothing is written after their end",
    story: [
      ...VIEWERS.map((viewer) => act("expire", { a: nth(viewer, 3), b: [0.3, 1], ...now })),
      times(4, 6, act("follow", settled)),
      times(8, 12, act("publish"), act("wait", { a: [0, 0.2] })),
    ],
  },

  "credentials end while streams open": {
    reaches: "credentials: a stream whose credentials have ended does not begin",
    story: [
      times(
        4,
        6,
        rightsAre("old", now),
        act("expire", { b: [0, 0.3], ...now }),
        times(1, 3, act("follow", now)),
        act("wait"),
        times(1, 3, act("publish")),
        act("disconnect"),
      ),
    ],
  },
  "streams grow old": {
    reaches: "max-age: a stream ends when it is old",
    world: { maxAge: 20_000 },
    story: [times(3, 5, act("follow", settled)), times(6, 9, act("publish"), act("wait", { a: [0.7, 1] }))],
  },
  "a right comes back from now on": {
    reaches: "readableFrom: nothing before it is shown",
    world: { kept: 1_000 },
    story: [
      times(3, 5, act("follow", settled)),
      times(
        3,
        4,
        times(2, 4, act("revoke")),
        times(2, 4, oneOf(act("publish"), act("value"))),
        act("wait", { a: [0.4, 1] }),
        times(2, 4, oneOf(act("publish"), act("value"))),
        times(2, 4, act("grant", { b: [0, 0.7] })),
        times(1, 3, act("publish")),
        times(1, 3, act("history")),
      ),
    ],
  },
  "a right is narrowed while readers are behind": {
    reaches: "readableFrom: a stream that is open obeys a new one",
    world: { kept: 1_000, maxAge: 3_600_000 },
    story: [
      ...VIEWERS.map((viewer) => followByHandlers(viewer, "room b", settled)),
      times(
        2,
        3,
        ...VIEWERS.map((viewer) => act("hold", { a: nth(viewer, 3), ...now })),
        // More than a socket holds: the hub keeps half of them back.
        times(8, 10, act("large", { a: nth(1, 7), b: [0.04, 0.06], ...settled })),
        ...VIEWERS.map((viewer) => narrow(viewer, "room b", now)),
        act("wait", { a: [0.2, 0.4] }),
        // All that the socket held, in moments of its own: what the hub writes meanwhile comes after that.
        times(12, 14, ...VIEWERS.map((viewer) => act("trickle", { a: nth(viewer, 3), b: [0.9, 1], ...after(10) }))),
        ...VIEWERS.map((viewer) => act("release", { a: nth(viewer, 3), ...after(10) })),
        act("wait", { a: [0.4, 1] }),
      ),
    ],
  },
  "a right to see values comes back from now on, without our client": {
    reaches: "readableFrom: values on a stream",
    world: { kept: 1_000, hasPlain: true },
    story: [
      act("follow", settled),
      times(
        3,
        4,
        value("room a"),
        value("feed x"),
        times(2, 3, act("revoke", { a: [0, 0.3] })),
        act("wait", { a: [0.4, 1] }),
        value("room a"),
        value("feed x"),
        times(2, 3, act("grant", { b: [0, 0.7] })),
        act("wait"),
      ),
    ],
  },
  "a right to see values comes back from now on": {
    reaches: "readableFrom: values on a page",
    world: { kept: 1_000 },
    story: [
      times(2, 3, follow("feed x", settled), follow("feed y", settled)),
      times(
        3,
        4,
        times(2, 4, value("feed x"), value("feed y")),
        times(2, 4, revoke("feed x"), revoke("feed y")),
        act("wait", { a: [0.3, 0.6] }),
        times(1, 2, value("feed x"), value("feed y")),
        times(3, 5, act("grant", { b: [0, 0.7] })),
        times(1, 3, follow("feed x"), follow("feed y")),
      ),
    ],
  },
  "a right comes back from now on while states load": {
    reaches: "readableFrom: a state is shared only with those who may read as much of it",
    world: { kept: 1_000 },
    story: [
      times(3, 5, act("batch")),
      times(
        4,
        5,
        states("late", now),
        times(2, 3, act("revoke", { b: [0, 0.4] })),
        act("publish"),
        act("wait", { a: [0.4, 1] }),
        times(1, 2, follow("room a", now), follow("room b", now)),
        times(2, 3, act("grant", { b: [0, 0.7], ...now })),
        times(1, 2, follow("room a", now), follow("room b", now)),
        act("wait"),
      ),
    ],
  },
  "rights end while pages are made": {
    reaches: "rights: a page is not answered after their end",
    world: { kept: 1_000 },
    story: [
      states("late", now),
      ...(["room a", "room b"] as const).flatMap((room) => [
        ...VIEWERS.map((viewer) => grantForAWhile(viewer, room, [20, 700], now)),
        ...VIEWERS.map((viewer) => follow(room, { a: nth(viewer, 3), ...now })),
        act("wait", { a: [0.2, 0.28], ...now }),
        times(4, 5, value(room, after(250))),
        act("wait", { a: [0.3, 0.5] }),
      ]),
    ],
  },
} satisfies Record<string, Scenario>;

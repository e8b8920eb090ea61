import { expect, test } from "vitest";
import { toPosition } from "./position.ts";
import { NOTHING_YET } from "./retry.ts";
import { initialState, statusOf, type SubscriptionState } from "./subscription-state.ts";

const traits = { channel: "c", wantsState: false, beginsByPage: false, canEnd: false };
const network = { state: "retrying", reason: "network", since: 3, at: 7 } as const;
const unknown = { ...network, reason: "unknown" } as const;
const joined = {
  kind: "joined",
  traits,
  cursor: toPosition("e.3"),
  gaps: [],
  degraded: null,
  reported: null,
  attempts: NOTHING_YET,
  idle: 0,
} as const satisfies SubscriptionState;

test("a subscription begins by a page where it has a position or something to load, and otherwise waits", () => {
  const kindOf = (token: string | null, beginsByPage: boolean) =>
    initialState(toPosition(token), { ...traits, beginsByPage }).kind;
  expect([kindOf("e.3", false), kindOf(null, true), kindOf(null, false)]).toEqual(["paused", "paused", "waiting"]);
});

test("the status is the connection's own, but for a refused address", () => {
  const live = { state: "live" } as const;
  expect(statusOf(joined, live)).toEqual(live);
  expect(statusOf(joined, network)).toEqual(network);
  expect(statusOf({ ...joined, cursor: null }, live).state).toBe("connecting");
  const refused = { ...joined, kind: "retrying", startsAnew: false, lastFailure: unknown } as const;
  expect(statusOf(refused, network)).toEqual(unknown);
  const shown = { state: "closed", reason: "forbidden" } as const;
  expect(statusOf({ kind: "closed", shown }, live)).toBe(shown);
});

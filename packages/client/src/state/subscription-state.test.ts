import { expect, test } from "vitest";
import { toPosition } from "./position.ts";
import { initialState, statusOf, type SubscriptionState } from "./subscription-state.ts";

const traits = { channel: "c", position: { stream: { handled: null, carried: null }, reached: null } };
const progress = { cursor: toPosition("e.3"), gaps: [], startsAnew: false, lastFailure: null };
const network = { state: "retrying", reason: "network", at: 7 } as const;
const unknown = { ...network, reason: "unknown" } as const;
const joined: SubscriptionState = { kind: "joined", progress };

test("a subscription begins by a page where it has a position or something to load, and otherwise waits", () => {
  const kindOf = (token: string | null, beginsByPage: boolean) =>
    initialState(toPosition(token), { ...traits, wantsState: false, beginsByPage }).kind;
  expect([kindOf("e.3", false), kindOf(null, true), kindOf(null, false)]).toEqual(["paused", "paused", "waiting"]);
});

test("the status is the connection's own, but for a refused address", () => {
  const live = { state: "live" } as const;
  expect(statusOf(joined, live)).toEqual(live);
  expect(statusOf(joined, network)).toEqual(network);
  expect(statusOf({ ...joined, progress: { ...progress, cursor: null } }, live).state).toBe("connecting");
  const refused = { kind: "retrying", progress: { ...progress, lastFailure: unknown }, begun: network } as const;
  expect(statusOf(refused, network)).toEqual(unknown);
  expect(statusOf({ kind: "closed", reason: "closed" }, live)).toEqual({ state: "closed", reason: "closed" });
});

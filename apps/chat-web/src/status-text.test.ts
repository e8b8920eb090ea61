import { expect, test } from "vitest";
import { describeStatus, describeWait } from "./status-text.ts";

test("only a live connection looks good", () => {
  expect(describeStatus({ state: "live" })).toEqual({ tone: "good", text: "Live" });
  expect(describeStatus({ state: "connecting" }).tone).toBe("waiting");
  expect(describeStatus({ state: "closed", reason: "rejected" }).tone).toBe("bad");
});

test("a connection that is tried again says when, also where the browser says that it is offline", () => {
  expect(describeStatus({ state: "retrying", reason: "network", since: 0, at: 5_000 })).toEqual({
    tone: "bad",
    text: "Connection lost",
    retryAt: 5_000,
    canTryNow: true,
  });
  const restarting = { tone: "waiting", text: "Server restarting", retryAt: 5_000 };
  expect(describeStatus({ state: "retrying", reason: "draining", since: 0, at: 5_000 })).toEqual(restarting);
  expect(describeStatus({ state: "retrying", reason: "offline", since: 0, at: 5_000 })).toEqual({
    tone: "bad",
    text: "You are offline",
    retryAt: 5_000,
    canTryNow: true,
  });
});

test("the seconds count down to the next attempt", () => {
  expect(describeWait(5_000, 1_999)).toBe("reconnecting in 4 s");
  expect(describeWait(5_000, 5_000)).toBe("trying…");
  expect(describeWait(undefined, 5_000)).toBe("");
});

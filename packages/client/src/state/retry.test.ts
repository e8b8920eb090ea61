import { describe, expect, test } from "vitest";
import type { Ending } from "./ending.ts";
import { nextAttempt, NOTHING_YET, type Attempts } from "./retry.ts";

const DAY = 86_400_000;

/** One thing that is tried again and again. */
function create(random: number, serverPause = NOTHING_YET.serverPause) {
  let attempts: Attempts = { ...NOTHING_YET, serverPause };
  let now = 0;
  /** Milliseconds until the next attempt. */
  const after = (ending: Ending) => {
    const next = nextAttempt({ attempts, ending }, now, random);
    attempts = next?.attempts ?? attempts;
    return next?.lastFailure.state === "retrying" ? (next.lastFailure.at ?? Infinity) - now : null;
  };
  return {
    after,
    fail: (retryAfter = 0) => after({ reason: "unavailable", retryAfter }),
    sleep: (milliseconds: number) => (now += milliseconds),
    live: () => (attempts = { ...attempts, liveSince: now }),
  };
}

/** The shortest and the longest wait of the n-th failure in a row. */
function range(n: number, serverPause?: number, floor?: number) {
  const at = (random: number) => {
    const { fail } = create(random, serverPause);
    for (let failure = 1; failure < n; failure++) fail();
    return fail(floor);
  };
  return [at(0), at(1)];
}

describe("the wait after a failure", () => {
  test("is at least the server's retry and at most twice that, the first time", () => {
    expect(range(1)).toEqual([2_000, 4_000]);
    expect(range(1, 3_170)).toEqual([3_170, 6_340]);
    expect(range(1, 60_000)).toEqual([60_000, 90_000]);
  });

  test("has a jitter that doubles with every failure, up to 30 s, on top of the floor", () => {
    expect(range(2, 1_000)).toEqual([1_000, 3_000]);
    expect(range(3, 1_000)).toEqual([1_000, 5_000]);
    expect(range(6, 1_000)).toEqual([1_000, 31_000]);
    expect(range(5_000, 1_000)).toEqual([1_000, 31_000]);
  });

  test("is never below what Retry-After asks for, and still spread", () => {
    expect(range(1, 2_000, 20_000)).toEqual([20_000, 22_000]);
    expect(range(1, 2_000, 500)).toEqual([2_000, 4_000]);
  });

  test("grows also where retry is 0, or a server that is down would be asked without end", () => {
    expect(range(1, 0)).toEqual([0, 500]);
    expect(range(4, 0)).toEqual([0, 4_000]);
  });

  test.each([4_294_967_296, Infinity, DAY + 1])("is a day at most where retry is %d", (retry) => {
    expect(range(1, retry)).toEqual([DAY, DAY + 30_000]);
  });

  test("is a day at most where Retry-After is a year", () => {
    expect(range(1, 2_000, 31_536_000_000)).toEqual([DAY, DAY + 2_000]);
  });

  test("starts anew when the connection has lived for a minute", () => {
    const { live, sleep, fail } = create(1);
    for (let failure = 0; failure < 9; failure++) fail();
    live();
    sleep(59_999);
    expect(fail()).toBe(32_000);
    live();
    sleep(60_000);
    expect(fail()).toBe(4_000);
  });
});

test("a client that is told to come back does so after what it was told, once it has lived for a while", () => {
  const { live, sleep, after } = create(0.5, 7_000);
  live();
  sleep(10_000);
  expect(after({ reason: "draining" })).toBe(7_000);
  expect(after({ reason: "draining" })).toBe(10_500);
});

test("a gap is gone over within a second; again within a minute it is a failure", () => {
  const { sleep, after } = create(0.5);
  expect(after({ reason: "gap" })).toBe(500);
  expect(after({ reason: "gap" })).toBe(3_000);
  sleep(60_000);
  expect(after({ reason: "gap" })).toBe(500);
});

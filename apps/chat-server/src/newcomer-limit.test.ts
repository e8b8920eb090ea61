import { expect, test } from "vitest";
import { createNewcomerLimit } from "./newcomer-limit.ts";

const RATE = { burst: 3, interval: 10_000 };

/** A limit, and the seconds after which each newcomer of an address may come again; 0 for those who may come now. */
function start() {
  let time = 1_000_000;
  const limit = createNewcomerLimit(() => time, RATE);
  const waits = (address: string, count: number): number[] =>
    Array.from({ length: count }, () => {
      try {
        limit.take(address);
        return 0;
      } catch (error) {
        const { status, retryAfter } = error as { status: number; retryAfter: number };
        expect(status).toBe(429);
        return retryAfter;
      }
    });
  return { waits, pass: (milliseconds: number) => void (time += milliseconds) };
}

test("of one address a few new people come at once, then one in an interval, and the refused ones do not count", () => {
  const { waits, pass } = start();
  expect(waits("192.0.2.1", 5)).toEqual([0, 0, 0, 10, 10]);
  pass(9_001);
  expect(waits("192.0.2.1", 1)).toEqual([1]);
  pass(999);
  expect(waits("192.0.2.1", 2)).toEqual([0, 10]);
  pass(25_000);
  expect(waits("192.0.2.1", 3)).toEqual([0, 0, 5]);
  pass(86_400_000);
  expect(waits("192.0.2.1", 4)).toEqual([0, 0, 0, 10]);
});

test("who asks first is refused like those who come, and is not counted", () => {
  const limit = createNewcomerLimit(() => 0, RATE);
  for (let count = 0; count < 10; count++) limit.check("192.0.2.1");
  for (let count = 0; count < 3; count++) limit.take("192.0.2.1");
  expect(() => limit.check("192.0.2.1")).toThrow(/try again in 10 seconds/);
  limit.check("192.0.2.2");
});

test("each address has its own limit, and all IPv6 addresses of one network share one", () => {
  const { waits } = start();
  for (const address of ["192.0.2.1", "::ffff:192.0.2.2", "2001:db8:1:2::", "2001:db8:1:3::1", "::1"]) {
    expect(waits(address, 4)).toEqual([0, 0, 0, 10]);
  }
  expect(waits("2001:db8:1:2:ffff:1:2:3", 1)).toEqual([10]);
  expect(waits("2001:db8:1:2::9", 1)).toEqual([10]);
});

test("the port that a proxy writes behind an address does not count", () => {
  const { waits } = start();
  for (const [first, second] of [
    ["192.0.2.1:50001", "192.0.2.1:50002"],
    ["[2001:db8::1]:50001", "[2001:db8::2]"],
  ] as const) {
    expect(waits(first, 3)).toEqual([0, 0, 0]);
    expect(waits(second, 1)).toEqual([10]);
  }
  expect(waits("192.0.2.1", 1)).toEqual([10]);
  expect(waits("2001:db8::3", 1)).toEqual([10]);
});

test("ten thousand addresses are remembered, and the one that was not used for the longest time is forgotten", () => {
  const { waits } = start();
  const addresses = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  for (const address of addresses) waits(address, 3);
  waits("192.0.2.1", 1);
  expect(waits("10.0.0.1", 1)).toEqual([10]);
  expect(waits("10.0.0.0", 1)).toEqual([0]);
});

import { Doorbell } from "@tidings/log/engine";
import { VirtualClock } from "@tidings/testing";
import { expect, test } from "vitest";
import { bytesKeptPerRound } from "./used-bytes.ts";

const HOURS = 10;
/** Bytes. It tests itself 240 times in an hour, so one promise for each test would be more. */
const MOST_KEPT = HOURS * 240 * 40;

test("a doorbell on one connection for days keeps nothing of its tests", async () => {
  const clock = new VirtualClock();
  let hear = (): void => {};
  let tests = 0;
  const doorbell = new Doorbell({
    clock,
    wake: () => {},
    connect: () => ({
      ended: new Promise(() => {}),
      listen: async (onRing) => void (hear = onRing),
      close: () => {},
    }),
    ring: async () => {
      tests++;
      hear();
    },
    onDeaf: () => {},
  });
  const kept = await bytesKeptPerRound(() => clock.advance(HOURS * 3_600_000));
  expect(tests).toBeGreaterThan(7 * HOURS * 200);
  expect(kept).toBeLessThan(MOST_KEPT);
  await doorbell.close();
});

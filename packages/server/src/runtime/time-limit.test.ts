import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { withTimeLimit } from "./time-limit.ts";

test("a task does not begin when those who wait for it have left before, and is given up when they leave", async () => {
  const clock = new VirtualClock();
  const left = new Error("left");
  const signals: AbortSignal[] = [];
  const begin = (gone: AbortSignal): Promise<never> =>
    withTimeLimit(
      clock,
      1_000,
      (signal) => {
        signals.push(signal);
        return new Promise<never>(() => {});
      },
      gone,
    );
  await expect(begin(AbortSignal.abort(left))).rejects.toBe(left);
  expect(signals).toEqual([]);

  const leaving = new AbortController();
  const work = begin(leaving.signal);
  leaving.abort(left);
  await expect(work).rejects.toBe(left);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(clock.pending).toBe(0);
});

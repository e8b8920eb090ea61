import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { SteppedClock } from "../../test/stepped-clock.ts";
import { createWakeQueue } from "./wake-queue.ts";

test("in each turn at least one goes on, also if other work has used up the time of all turns", async () => {
  const clock = new SteppedClock();
  const queue = createWakeQueue({ clock, ring: { forgetBatches() {} } });
  const pumped: string[] = [];
  for (const name of ["a", "b", "c"]) {
    queue.add({ isQueued: false, pump: () => void (queue.isTurnOver || pumped.push(name)) });
  }
  for (const went of [["a"], ["a", "b"], ["a", "b", "c"]]) {
    // A stream that begins asks for time, and then there is none left.
    expect(queue.isTurnOver).toBe(false);
    clock.jump(6);
    expect(queue.isTurnOver).toBe(true);
    await clock.turn();
    expect(pumped).toEqual(went);
  }
});

/** How many wait in each turn. */
const WAITERS = 5_000;
/**
 * Measured: 40 to 80, as the engine has compiled it. With a set of those who wait, which grows and shrinks in each
 * turn, it was 123.
 */
const MOST_BYTES = 100;

test("those who wait need little memory, turn after turn", () => {
  const tasks: (() => void)[] = [];
  const clock = { now: () => 0, defer: (task: () => void) => void tasks.push(task) };
  const queue = createWakeQueue({ clock, ring: { forgetBatches() {} } });
  let pumped = 0;
  const waiters = Array.from({ length: WAITERS }, () => ({ isQueued: false, pump: () => void pumped++ }));
  const takeTurn = (): void => {
    for (const waiter of waiters) queue.add(waiter);
    for (const task of tasks.splice(0)) task();
  };
  // The engine compiles the code in them.
  for (let turn = 0; turn < 200; turn++) takeTurn();
  setFlagsFromString("--expose-gc");
  // With the flag set, a new context has it.
  (runInNewContext("gc") as () => void)();
  const bytes = Array.from({ length: 21 }, () => {
    const before = process.memoryUsage().heapUsed;
    takeTurn();
    return (process.memoryUsage().heapUsed - before) / WAITERS;
  });
  expect(pumped).toBe(221 * WAITERS);
  // The median: a collection of garbage makes some turns smaller.
  expect(bytes.toSorted((one, other) => one - other)[10]).toBeLessThan(MOST_BYTES);
});

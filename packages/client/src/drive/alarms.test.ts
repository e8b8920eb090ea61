import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { createAlarms } from "./alarms.ts";

test("what has the same time is done together, by one timer, and what is cancelled is not done", async () => {
  const clock = new VirtualClock();
  const alarms = createAlarms(clock);
  const done: string[] = [];
  const at = clock.now() + 1_000;
  alarms.set("x", at, () => done.push("a"));
  const cancelB = alarms.set("x", at, () => done.push("b"));
  alarms.set("x", at, () => {
    done.push("c");
    cancelD();
  });
  const cancelD = alarms.set("x", at, () => done.push("d"));
  alarms.set("x", at + 500, () => done.push("later"));
  alarms.set("y", at, () => done.push("y"));
  expect(clock.pending).toBe(3);
  cancelB();
  await clock.advance(1_000);
  expect(done).toEqual(["a", "c", "y"]);
  await clock.advance(500);
  expect(done).toEqual(["a", "c", "y", "later"]);
});

test("without anybody who waits, there is no timer", () => {
  const clock = new VirtualClock();
  const alarms = createAlarms(clock);
  const cancels = [1, 2, 3].map(() => alarms.set("x", clock.now() + 5, () => {}));
  for (const cancel of cancels) cancel();
  expect(clock.pending).toBe(0);
});

test("what is set once is done once, as long as it waits, and not any more after the end", async () => {
  const clock = new VirtualClock();
  const alarms = createAlarms(clock);
  const done: string[] = [];
  const what = {};
  alarms.setOnce(what, 500, () => done.push("first"));
  alarms.setOnce(what, 100, () => done.push("second"));
  alarms.setOnce("other", 100, () => done.push("other"));
  await clock.advance(500);
  alarms.setOnce(what, 100, () => done.push("third"));
  await clock.advance(500);
  expect(done).toEqual(["other", "first", "third"]);
  alarms.setOnce(what, 100, () => done.push("late"));
  alarms.close();
  alarms.setOnce(what, 100, () => done.push("later"));
  expect([alarms.isClosed, clock.pending]).toEqual([true, 0]);
});

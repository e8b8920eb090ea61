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

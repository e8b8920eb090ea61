import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createPause } from "./pause.ts";

/** Blocks the process, as a commit on a slow disk does. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** The turns of the event loop that others get while a pause lasts. */
async function turnsDuring(pause: () => Promise<void>): Promise<number> {
  let turns = 0;
  let isOver = false;
  void (async () => {
    while (!isOver) {
      await nextTurn();
      turns++;
    }
  })();
  await pause();
  isOver = true;
  return turns;
}

test("a pause after little work takes no turn", async () => {
  expect(await turnsDuring(createPause())).toBe(0);
});

test("a pause after a few milliseconds of work takes one turn", async () => {
  const pause = createPause();
  await pause();
  block(6);
  const turns = await turnsDuring(pause);
  expect(turns).toBeGreaterThanOrEqual(1);
  expect(turns).toBeLessThanOrEqual(2);
  expect(await turnsDuring(pause)).toBe(0);
});

test.for([6, 60])("a pause after %i ms in which the process has rested takes no turn", async (milliseconds) => {
  const pause = createPause();
  await pause();
  await delay(milliseconds);
  expect(await turnsDuring(pause)).toBe(0);
});

test("after a step that has blocked the process, others get many turns", async () => {
  const pause = createPause();
  await pause();
  block(300);
  expect(await turnsDuring(pause)).toBeGreaterThan(20);
  expect(await turnsDuring(pause)).toBe(0);
});

test("others also get many turns if the work goes on in a later turn than that of the step", async () => {
  const pause = createPause();
  await pause();
  block(300);
  await nextTurn();
  expect(await turnsDuring(pause)).toBeGreaterThan(20);
});

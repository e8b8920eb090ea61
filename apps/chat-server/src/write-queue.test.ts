import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createWriteQueue, WriteRefused, type WriteQueue } from "./write-queue.ts";

/** Occupies the queue until the returned function is called. */
function occupy(queue: WriteQueue): () => void {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  void queue.run(() => ended);
  return end;
}

test("writes run one after the other, in the order of their arrival", async () => {
  const queue = createWriteQueue();
  const steps: string[] = [];
  const write = (name: string) =>
    queue.run(async () => {
      steps.push(`${name} begins`);
      await delay(1);
      steps.push(`${name} ends`);
    });
  await Promise.all([write("one"), write("two")]);
  expect(steps).toEqual(["one begins", "one ends", "two begins", "two ends"]);
});

test("the patience of a write counts from its arrival: all that came together are refused together", async () => {
  const queue = createWriteQueue({ patience: 20 });
  const end = occupy(queue);
  let ran = 0;
  const writes = Array.from({ length: 5 }, () => queue.run(async () => void ran++));
  const outcomes = Promise.allSettled(writes);
  await delay(30);
  end();
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("20 ms") } });
  }
  expect(ran).toBe(0);
});

test("a full queue refuses at once, and takes writes again when it is shorter", async () => {
  const queue = createWriteQueue({ capacity: 2 });
  const end = occupy(queue);
  await delay(0);
  const waiting = [queue.run(async () => "one"), queue.run(async () => "two")];
  await expect(queue.run(async () => "three")).rejects.toBeInstanceOf(WriteRefused);
  end();
  expect(await Promise.all(waiting)).toEqual(["one", "two"]);
  expect(await queue.run(async () => "four")).toBe("four");
});

test("closing refuses all that waits, tells the current write, and waits for it", async () => {
  const queue = createWriteQueue();
  let isOver = false;
  const current = queue.run(async ({ signal }) => {
    while (!signal.aborted) await delay(1);
    isOver = true;
  });
  await delay(0);
  const waiting = queue.run(async () => {});
  await Promise.all([expect(waiting).rejects.toBeInstanceOf(WriteRefused), queue.close(), current]);
  expect(isOver).toBe(true);
  await expect(queue.run(async () => {})).rejects.toBeInstanceOf(WriteRefused);
});

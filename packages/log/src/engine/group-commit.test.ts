import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { GroupCommit } from "./group-commit.ts";

/** A group commit that takes ten milliseconds of virtual time. A job is a number: its share, in tenths. */
function createQueue(shareOf?: (job: number) => number, onCommitted: (jobs: readonly number[]) => unknown = () => {}) {
  const clock = new VirtualClock();
  const groups: (readonly number[])[] = [];
  const queue = new GroupCommit<number>({
    clock,
    ...(shareOf && { shareOf }),
    async commit(jobs) {
      groups.push(jobs);
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, 10));
      onCommitted(jobs);
    },
  });
  return { clock, groups, queue };
}

test("what is added in one turn is one group, what comes during its commit is the next one", async () => {
  const { clock, groups, queue } = createQueue();
  for (const job of [1, 2, 3]) queue.add(job);
  expect(groups).toEqual([]);
  await clock.advance(5);
  for (const job of [4, 5]) queue.add(job);
  await clock.advance(4);
  expect(groups).toEqual([[1, 2, 3]]);
  await clock.advance(11);
  expect(groups).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

test("a group is not more than full, unless by a single job, and the order is that of the calls", async () => {
  const { clock, groups, queue } = createQueue((job) => job / 10);
  for (const job of [4, 6, 1, 30, 5, 5, 5]) queue.add(job);
  await clock.advance(100);
  expect(groups).toEqual([[4, 6], [1], [30], [5, 5], [5]]);
});

test("whoever was answered by a commit, and goes on in the same turn, is in the next group", async () => {
  const { clock, groups, queue } = createQueue(undefined, async ([job]) => {
    // An answer passes several promises until the caller has it.
    for (let promises = 0; promises < 10; promises++) await Promise.resolve();
    if (job === 1) queue.add(3);
  });
  queue.add(1);
  await clock.advance(5);
  queue.add(2);
  await clock.advance(20);
  expect(groups).toEqual([[1], [2, 3]]);
});

test("finishes when everything is committed, at once if nothing waits", async () => {
  const { clock, groups, queue } = createQueue();
  await queue.finish();
  for (const job of [1, 2]) queue.add(job);
  let isFinished = false;
  const finishing = queue.finish().then(() => (isFinished = true));
  await clock.advance(9);
  expect([isFinished, groups]).toEqual([false, [[1, 2]]]);
  await clock.advance(1);
  await finishing;
});

test("what is taken out is in no group", async () => {
  const { clock, groups, queue } = createQueue();
  queue.add(1);
  await clock.advance(1);
  queue.add(2);
  expect(queue.takeWaiting()).toEqual([2]);
  await clock.advance(20);
  queue.add(3);
  await clock.advance(20);
  expect(groups).toEqual([[1], [3]]);
});

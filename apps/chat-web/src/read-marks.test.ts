import { expect, test } from "vitest";
import { ReadMarks } from "./read-marks.ts";

test("the server is told each mark once, and of several only the newest", async () => {
  const told: number[] = [];
  const answers: (() => void)[] = [];
  const marks = new ReadMarks(({ read }) => {
    told.push(read);
    return new Promise<void>((resolve) => answers.push(resolve));
  });
  for (const read of [1, 2, 3]) marks.mark({ roomId: "lobby", read });
  answers.shift()?.();
  await expect.poll(() => told).toEqual([1, 3]);
  answers.shift()?.();
  await expect.poll(() => marks.mark({ roomId: "lobby", read: 3 }) ?? told).toEqual([1, 3]);
});

test("a mark that did not get through is told later", async () => {
  const told: number[] = [];
  let isAway = true;
  const marks = new ReadMarks(({ read }) => {
    if (isAway) return Promise.reject(new Error("Away."));
    told.push(read);
    return Promise.resolve();
  });
  marks.mark({ roomId: "lobby", read: 4 });
  await marks.send();
  isAway = false;
  await marks.send();
  await expect.poll(() => told).toEqual([4]);
  marks.learn({ roomId: "lobby", read: 0 });
  marks.mark({ roomId: "lobby", read: 4 });
  await expect.poll(() => told).toEqual([4, 4]);
});

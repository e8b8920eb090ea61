import { expect, test } from "vitest";
import { ReadMarks } from "./read-marks.ts";

test("the server gets each mark once, and only the newest of several", async () => {
  const sent: number[] = [];
  const answers: (() => void)[] = [];
  const marks = new ReadMarks(({ read }) => {
    sent.push(read);
    return new Promise<void>((resolve) => answers.push(resolve));
  });
  for (const read of [1, 2, 3]) marks.set({ roomId: "lobby", read });
  answers.shift()?.();
  await expect.poll(() => sent).toEqual([1, 3]);
  answers.shift()?.();
  await expect.poll(() => marks.set({ roomId: "lobby", read: 3 }) ?? sent).toEqual([1, 3]);
});

test("a mark that did not reach the server is sent again later", async () => {
  const sent: number[] = [];
  let isAway = true;
  const marks = new ReadMarks(({ read }) => {
    if (isAway) return Promise.reject(new Error("Away."));
    sent.push(read);
    return Promise.resolve();
  });
  marks.set({ roomId: "lobby", read: 4 });
  await marks.send();
  isAway = false;
  await marks.send();
  await expect.poll(() => sent).toEqual([4]);
  marks.confirm({ roomId: "lobby", read: 0 });
  marks.set({ roomId: "lobby", read: 4 });
  await expect.poll(() => sent).toEqual([4, 4]);
});

import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { PendingHeads } from "./pending-heads.ts";

const HEAD = { epoch: "e", seq: 1 };

test("whoever appends waits for the questions before it, also for one that fails, and for no later one", async () => {
  const clock = new VirtualClock();
  const heads = new PendingHeads(clock);
  await heads.answered();
  let answer = (): void => {};
  let fail = (): void => {};
  const asked = [
    heads.note(new Promise((resolve) => (answer = () => resolve(HEAD)))),
    heads.note(new Promise((_resolve, reject) => (fail = () => reject(new Error("away"))))).catch(() => null),
  ];
  let isAnswered = false;
  const waiting = heads.answered().then(() => (isAnswered = true));
  void heads.note(new Promise(() => {}));
  answer();
  await clock.settle();
  expect(isAnswered).toBe(false);
  fail();
  await waiting;
  expect(await Promise.all(asked)).toEqual([HEAD, null]);
  expect(clock.pending).toBe(0);
});

test("a question that hangs delays appends by half a second at most", async () => {
  const clock = new VirtualClock();
  const heads = new PendingHeads(clock);
  void heads.note(new Promise(() => {}));
  let isAnswered = false;
  void heads.answered().then(() => (isAnswered = true));
  await clock.advance(499);
  expect(isAnswered).toBe(false);
  await clock.advance(1);
  expect(isAnswered).toBe(true);
});

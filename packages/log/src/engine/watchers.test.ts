import { expect, test } from "vitest";
import { Watchers } from "./watchers.ts";

test("each watch of a function is one of its own, and one that throws disturbs no other", () => {
  const watchers = new Watchers();
  let wakes = 0;
  const wake = (): void => {
    wakes++;
  };
  watchers.add(() => {
    throw new Error("a watcher that throws");
  });
  const [endFirst] = [watchers.add(wake), watchers.add(wake)];
  watchers.wake();
  expect(wakes).toBe(2);
  endFirst();
  endFirst();
  watchers.wake();
  expect(wakes).toBe(3);
  watchers.clear();
  watchers.wake();
  expect(wakes).toBe(3);
});

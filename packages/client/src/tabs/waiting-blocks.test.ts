import { expect, test } from "vitest";
import { WaitingBlocks } from "./waiting-blocks.ts";

const reliable = { event: "rooms/lobby:message", data: "{}", id: "e.1" };
const volatile = { event: "rooms/lobby:typing", data: "{}", id: null };
const gap = { event: "gap", data: "{}", id: null };

test("what is volatile waits for five seconds, everything else for as long as it has to", () => {
  const waiting = new WaitingBlocks();
  for (const block of [reliable, volatile, gap]) waiting.add(block, 0);
  waiting.add(volatile, 2_000);
  expect(waiting.take(6_000)).toEqual([reliable, gap, volatile]);
  expect(waiting.take(6_000)).toEqual([]);
});

test("a thousand blocks wait; one more, and none does", () => {
  const waiting = new WaitingBlocks();
  for (let index = 0; index < 1_000; index++) expect(waiting.add(reliable, 0)).toBe(true);
  expect(waiting.add(reliable, 0)).toBe(false);
  expect(waiting.take(0)).toEqual([]);
});

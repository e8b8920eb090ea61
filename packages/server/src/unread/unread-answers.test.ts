import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { createUnreadPages } from "./unread-pages.ts";

const MEGABYTE = 1024 * 1024;
const HERE = new AbortController().signal;

/** Pages of a megabyte, each made at once. `givenUp` is the numbers of those whose readers took nothing. */
function open() {
  const clock = new VirtualClock();
  const pages = createUnreadPages(clock);
  const givenUp: number[] = [];
  const entered: number[] = [];
  async function enter(number: number, { group, signal = HERE }: { group?: object; signal?: AbortSignal } = {}) {
    const page = await pages.enter(() => givenUp.push(number), signal, group);
    entered.push(number);
    page.noteProgress(MEGABYTE);
    return page;
  }
  return { clock, givenUp, entered, enter };
}

test("32 megabytes of pages get in, and the next one as soon as a reader has one", async () => {
  const { clock, entered, enter } = open();
  const pages = await Promise.all(Array.from({ length: 32 }, (_, number) => enter(number)));
  void enter(32);
  await clock.settle();
  expect(entered).toHaveLength(32);
  pages[0]?.leave();
  await clock.settle();
  expect(entered.at(-1)).toBe(32);
});

test("readers that take nothing are given up after a second when others wait, and only they", async () => {
  const { clock, givenUp, entered, enter } = open();
  const pages = await Promise.all(Array.from({ length: 32 }, (_, number) => enter(number)));
  void enter(32);
  await clock.advance(900);
  pages[5]?.noteProgress(MEGABYTE / 2);
  await clock.advance(100);
  expect(givenUp).toHaveLength(31);
  expect(givenUp).not.toContain(5);
  expect(entered.at(-1)).toBe(32);
});

test("a reader that takes nothing is given up after 30 seconds when nobody waits", async () => {
  const { clock, givenUp, enter } = open();
  await enter(1);
  await clock.advance(29_000);
  expect(givenUp).toEqual([]);
  await clock.advance(1_000);
  expect(givenUp).toEqual([1]);
});

test("a group has 16 pages at most, and the others do not wait for it", async () => {
  const { clock, entered, enter } = open();
  const group = {};
  for (let number = 0; number < 20; number++) void enter(number, { group });
  void enter(99, { group: {} });
  await clock.settle();
  expect(entered).toHaveLength(17);
  expect(entered).toContain(99);
});

test("a reader that leaves while it waits takes no room, and neither does one that has left before", async () => {
  const { clock, entered, enter } = open();
  const pages = await Promise.all(Array.from({ length: 32 }, (_, number) => enter(number)));
  const gone = new AbortController();
  const waiting = enter(32, { signal: gone.signal });
  gone.abort();
  await waiting;
  await enter(33, { signal: gone.signal });
  void enter(34);
  void enter(35);
  pages[0]?.leave();
  await clock.settle();
  // The newest of those who wait comes first.
  expect(entered.slice(32)).toEqual([32, 33, 35]);
});

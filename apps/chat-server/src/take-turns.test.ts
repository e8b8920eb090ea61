import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Request, Response } from "express";
import { expect, test } from "vitest";
import { takeTurns } from "./take-turns.ts";

/** Works for some milliseconds, as SQLite does. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Hands on requests in one turn of the event loop, as Node does. */
function handOn(sockets: readonly { readonly destroyed: boolean }[], answer: (index: number) => void): void {
  const handler = takeTurns();
  for (const [index, socket] of sockets.entries()) {
    // Safe: the handler looks at nothing else.
    void handler({ socket } as Request, {} as Response, () => answer(index));
  }
}

test("requests that come together leave turns of the event loop to others, and keep their order", async () => {
  const answered: number[] = [];
  const sockets = Array.from({ length: 100 }, () => ({ destroyed: false }));
  handOn(sockets, (index) => {
    work(1);
    answered.push(index);
  });
  let turns = 0;
  for (; answered.length < sockets.length; turns++) await nextTurn();
  // 100 ms of work, a few of them in each turn.
  expect(turns).toBeGreaterThan(8);
  expect(answered).toEqual(sockets.map((_, index) => index));
});

test("requests behind a commit on a slow disk get the turns that follow it", async () => {
  const answered: number[] = [];
  const sockets = Array.from({ length: 100 }, () => ({ destroyed: false }));
  handOn(sockets, (index) => {
    // The commit of another request, in the same turn.
    if (index % 20 === 0) work(60);
    answered.push(index);
  });
  let turns = 0;
  for (; answered.length < sockets.length; turns++) await nextTurn();
  expect(turns).toBeLessThan(20);
});

test("a request after a rest is answered at once", async () => {
  const handler = takeTurns();
  const ask = () =>
    new Promise<void>((resolve) => {
      // Safe: the handler looks at nothing else.
      void handler({ socket: { destroyed: false } } as Request, {} as Response, () => resolve());
    });
  await ask();
  await delay(60);
  let turns = 0;
  let isAnswered = false;
  void ask().then(() => (isAnswered = true));
  for (; !isAnswered; turns++) await nextTurn();
  expect(turns).toBeLessThanOrEqual(1);
});

test("a request whose client has left is not answered", async () => {
  const answered: number[] = [];
  handOn([{ destroyed: false }, { destroyed: true }, { destroyed: false }], (index) => answered.push(index));
  await nextTurn();
  expect(answered).toEqual([0, 2]);
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Sink } from "../index.ts";
import { toFetchHandler } from "../fetch.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const HALF_A_MINUTE = 30_000;

/** A stream whose connection is the test. `left` counts how often it was told that its reader is gone. */
async function openStream(signal?: AbortSignal) {
  const opened: Sink[] = [];
  let left = 0;
  const handle = toFetchHandler({
    handle: async () => ({
      status: 200,
      headers: {},
      open(sink) {
        opened.push(sink);
        return { drained: () => {}, closed: () => void left++ };
      },
    }),
  });
  const response = await handle(new Request("https://hub.example/events", signal === undefined ? {} : { signal }));
  return {
    response,
    left: () => left,
    write: (text: string) => opened[0]?.write(new TextEncoder().encode(text), new Uint8Array()),
  };
}

test("a stream that a middleware has dropped is over after 30 seconds: nobody has taken its first bytes", async () => {
  const { write, left, response } = await openStream();
  write("hello");
  vi.advanceTimersByTime(HALF_A_MINUTE / 2);
  write("more");
  vi.advanceTimersByTime(HALF_A_MINUTE / 2 - 1);
  expect(left()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(left()).toBe(1);
  // Whoever comes too late gets what there is, and the end.
  expect(await response.text()).toBe("hellomore");
});

test("a stream whose first bytes were taken stays open, also when its reader then reads nothing", async () => {
  const { write, left, response } = await openStream();
  write("hello");
  await response.body?.getReader().read();
  for (let count = 0; count < 100; count++) write("x".repeat(2_000));
  vi.advanceTimersByTime(10 * HALF_A_MINUTE);
  expect(left()).toBe(0);
});

test("the 30 seconds begin with the first bytes, and end with the stream", async () => {
  const leaving = new AbortController();
  const { write, left } = await openStream(leaving.signal);
  vi.advanceTimersByTime(10 * HALF_A_MINUTE);
  expect([left(), vi.getTimerCount()]).toEqual([0, 0]);
  write("hello");
  expect(vi.getTimerCount()).toBe(1);
  leaving.abort();
  expect([left(), vi.getTimerCount()]).toEqual([1, 0]);
});

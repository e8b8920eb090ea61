import { describe, expect, test, vi } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { createReadQueue } from "./read-queue.ts";

function openQueue() {
  const clock = new VirtualClock();
  const queue = createReadQueue({ concurrency: 4, timeLimit: 10_000, clock });
  let hanging = 0;
  /** A read that hangs until it is given up, unless it is of good paths only. Says whether it has begun. */
  const hang = (paths: readonly string[], gone = new AbortController().signal) => {
    const read = { hasBegun: false };
    const task = (signal: AbortSignal, named: readonly string[]) => {
      read.hasBegun = true;
      if (!named.includes("bad")) return Promise.resolve();
      hanging++;
      signal.addEventListener("abort", () => hanging--);
      return new Promise<void>(() => {});
    };
    void queue(task, { paths, gone }).catch(() => {});
    return read;
  };
  /** A read that succeeds. Says when, in milliseconds since the queue was made. */
  const succeed = (paths: readonly string[]) => {
    const read = { at: Infinity };
    void queue(async () => (read.at = clock.time), { paths, gone: new AbortController().signal });
    return read;
  };
  return { clock, hang, succeed, hanging: () => hanging };
}

describe("reads of one channel that hang", () => {
  test("keep a read of another waiting for a second, however many they are", async () => {
    const { clock, hang, succeed } = openQueue();
    for (let count = 0; count < 500; count++) hang(["bad"]);
    const other = succeed(["other"]);
    await clock.advance(1_000);
    expect(other.at).toBe(1_000);
    const later = succeed(["other"]);
    await clock.settle();
    expect(later.at).toBe(1_000);
  });

  test("do not stop those who read only the other channels of the same readers", async () => {
    const { clock, hang, succeed } = openQueue();
    for (let count = 0; count < 500; count++) hang(["bad", "lobby"]);
    await clock.advance(1_000);
    const lobby = succeed(["lobby"]);
    await clock.settle();
    expect(lobby.at).toBe(1_000);
  });

  test("do not stop a channel that was read together with it, however many others are read with it", async () => {
    const { clock, hang, succeed } = openQueue();
    hang(["bad", "lobby"]);
    await clock.advance(1_200);
    for (let count = 0; count < 160; count++) hang(["bad", `own-${count}`]);
    await clock.advance(5_000);
    const asked = clock.time;
    const lobby = succeed(["lobby"]);
    await clock.settle();
    expect(lobby.at).toBe(asked);
  });

  test("do not stop readers of several others that were read together with it", async () => {
    const { clock, hang, succeed } = openQueue();
    hang(["bad", "lobby", "mine"]);
    for (let count = 0; count < 160; count++) hang(["bad", `own-${count}`]);
    await clock.advance(5_000);
    const asked = clock.time;
    const both = succeed(["lobby", "mine"]);
    await clock.advance(1_000);
    expect(both.at - asked).toBeLessThanOrEqual(1_000);
  });

  test("are few at a time", async () => {
    const { clock, hang, hanging } = openQueue();
    for (let count = 0; count < 500; count++) hang(["bad", `own-${count}`]);
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000);
      expect(hanging()).toBeLessThanOrEqual(12);
    }
  });

  test("are all read again as soon as one of them succeeds", async () => {
    const { clock, hang, succeed } = openQueue();
    for (let count = 0; count < 4; count++) hang(["bad"]);
    await clock.advance(10_000);
    const reads = Array.from({ length: 100 }, () => succeed(["bad"]));
    await clock.settle();
    expect(reads.filter(({ at }) => at === 10_000)).toHaveLength(100);
  });

  test("are given up when their readers leave", async () => {
    const { clock, hang, succeed, hanging } = openQueue();
    const leaving = new AbortController();
    for (let count = 0; count < 4; count++) hang(["bad"], leaving.signal);
    const waiting = hang(["bad"], leaving.signal);
    const next = succeed(["bad"]);
    await clock.settle();
    expect([hanging(), next.at]).toEqual([4, Infinity]);
    leaving.abort();
    await clock.settle();
    expect([hanging(), next.at, waiting.hasBegun]).toEqual([0, 0, false]);
  });
});

test.each(["other", "bad"])(
  "a read of %s that waits for its turn rejects at once when its reader leaves",
  async (path) => {
    const clock = new VirtualClock();
    const queue = createReadQueue({ concurrency: 1, timeLimit: 10_000, clock });
    const staying = new AbortController().signal;
    for (let count = 0; count < 3; count++) {
      queue(() => new Promise(() => {}), { paths: ["bad"], gone: staying }).catch(() => {});
    }
    // By then, "bad" counts as slow, and its reads wait in a line of their own.
    await clock.advance(1_500);
    const leaving = new AbortController();
    let error: unknown = null;
    queue(async () => {}, { paths: [path], gone: leaving.signal }).catch((reason: unknown) => (error = reason));
    leaving.abort(new Error("left"));
    await Promise.resolve();
    expect(error).toEqual(new Error("left"));
  },
);

test("any number of reads of one reader may wait: the runtime warns of no leak", async () => {
  const clock = new VirtualClock();
  const queue = createReadQueue({ concurrency: 1, timeLimit: 10_000, clock });
  const { signal: gone } = new AbortController();
  const listening = vi.spyOn(gone, "addEventListener");
  for (let count = 0; count < 50; count++) {
    queue(() => new Promise(() => {}), { paths: [], gone }).catch(() => {});
  }
  // One for those that wait, and one for the read that runs.
  expect(listening.mock.calls.length).toBeLessThanOrEqual(2);
});

test("slow reads of many channels begin no reads of single ones after their readers have left", async () => {
  const clock = new VirtualClock();
  const queue = createReadQueue({ concurrency: 4, timeLimit: 10_000, clock });
  const readers = Array.from({ length: 20 }, () => new AbortController());
  let begun = 0;
  const read = () => {
    begun++;
    return new Promise<void>((resolve) => clock.setTimeout(resolve, 3_000));
  };
  for (const [number, reader] of readers.entries()) {
    const paths = Array.from({ length: 100 }, (_, index) => `room-${number}-${index}`);
    void queue(read, { paths, gone: reader.signal }).catch(() => {});
  }
  await clock.advance(2_000);
  for (const reader of readers) reader.abort();
  const begunBefore = begun;
  await clock.advance(600_000);
  expect(begun).toBe(begunBefore);
});

test("leaves no timer behind", async () => {
  const { clock, succeed, hang } = openQueue();
  succeed(["room"]);
  hang(["bad"]);
  await clock.advance(20_000);
  expect(clock.pending).toBe(0);
});

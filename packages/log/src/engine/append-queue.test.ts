import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { reliable } from "../../test/entries.ts";
import { AppendQueue, type PendingAppend } from "./append-queue.ts";

/** A queue whose storage takes ten milliseconds of virtual time. */
function createQueue(obstacle: Error | null = null) {
  const clock = new VirtualClock();
  const stored: string[][] = [];
  const queue = new AppendQueue<string>({
    clock,
    encode: ([entry]) => {
      if (entry?.channel === "bad") throw new Error("a bad entry");
      return `${entry?.data}`;
    },
    shareOf: () => 0,
    heads: { answered: async () => {} },
    async store(appends: readonly PendingAppend<string>[]) {
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, 10));
      stored.push(appends.map(({ encoded }) => encoded));
      for (const { resolve } of appends) resolve([]);
      return obstacle;
    },
  });
  return { clock, stored, queue };
}

test("what is appended in one turn is stored together, as it was in that turn", async () => {
  const { clock, stored, queue } = createQueue();
  const changing = { ...reliable("a", "1") };
  const appending = [queue.append([changing]), queue.append([reliable("a", "2")])];
  changing.data = "3";
  await clock.advance(20);
  await Promise.all(appending);
  expect(stored).toEqual([["1", "2"]]);
  expect(await queue.append([])).toEqual([]);
});

test("a batch that cannot be encoded fails alone", async () => {
  const { clock, stored, queue } = createQueue();
  const appending = queue.append([reliable("a", "1")]);
  await expect(queue.append([reliable("bad")])).rejects.toThrow("a bad entry");
  await clock.advance(20);
  await appending;
  expect(stored).toEqual([["1"]]);
});

test("what waits behind an obstacle fails with it, and what comes later is stored", async () => {
  const { clock, stored, queue } = createQueue(new Error("the storage is gone"));
  const first = queue.append([reliable("a", "1")]);
  await clock.advance(5);
  const behind = queue.append([reliable("a", "2")]).catch(String);
  await clock.advance(20);
  expect([await first, await behind]).toEqual([[], "Error: the storage is gone"]);
  const later = queue.append([reliable("a", "3")]);
  await clock.advance(20);
  await later;
  await queue.finish();
  expect(stored).toEqual([["1"], ["3"]]);
});

import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Entry } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { Ring, type ReadPosition } from "./ring.ts";

const NOW = Date.UTC(2026, 0, 1);

function entry(seq: number, channel: string, more: Partial<Entry> = {}): Entry {
  return { epoch: "e", seq, channel, type: "said", mode: "reliable", at: NOW, data: String(seq), ...more };
}

/** A ring that has read these entries, from position 0. */
function ringOf(entries: readonly Entry[], maxEntries = Infinity, maxBytes = Infinity): Ring {
  const ring = new Ring({ ringEntries: maxEntries, ringBytes: maxBytes });
  ring.reset({ epoch: "e", seq: 0 });
  ring.push(entries, { epoch: "e", seq: entries.at(-1)?.seq ?? 0 }, NOW);
  return ring;
}

function reader(seq: number, ...paths: string[]): ReadPosition {
  return { cursor: { epoch: "e", seq }, fromByPath: new Map(paths.map((path) => [path, 0])), upTo: Infinity };
}

/** All that a reader takes from the ring, batch after batch. */
function takeAll(ring: Ring, { cursor, fromByPath, upTo }: ReadPosition, now = NOW): number[] {
  const seqs: number[] = [];
  for (let seq = cursor.seq; ;) {
    const batch = ring.nextBatch({ cursor: { epoch: "e", seq }, fromByPath, upTo }, now);
    if (batch === null) return seqs;
    seqs.push(...batch.entries.map((taken) => taken.seq));
    ({ seq } = batch.next);
  }
}

describe("the ring", () => {
  test("gives each reader the entries of its paths, in order, however many batches it takes", () => {
    const data = JSON.stringify("x".repeat(2_000));
    const entries = Array.from({ length: 600 }, (_, index) => entry(index + 1, `p${index % 7}`, { data }));
    const ring = ringOf(entries);
    for (const paths of [["p0"], ["p1", "p5"], ["p0", "p1", "p2", "p3", "p4", "p5", "p6"]]) {
      const expected = entries.filter(({ channel }) => paths.includes(channel)).map(({ seq }) => seq);
      expect(takeAll(ring, reader(0, ...paths))).toEqual(expected);
      expect(takeAll(ring, reader(300, ...paths))).toEqual(expected.filter((seq) => seq > 300));
    }
  });

  test("gives batches of 64 KiB at most, but always one entry", () => {
    const ring = ringOf([entry(1, "p", { data: `"${"x".repeat(100_000)}"` }), entry(2, "p"), entry(3, "p")]);
    expect(ring.nextBatch(reader(0, "p"), NOW)?.entries.map(({ seq }) => seq)).toEqual([1]);
    expect(ring.nextBatch(reader(1, "p"), NOW)?.entries.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  test("shares the bytes among readers that take the same entries, whatever their paths and positions", () => {
    const ring = ringOf([entry(1, "other"), entry(2, "room"), entry(3, "room")]);
    const [first, second] = [
      ring.nextBatch(reader(1, "room", "ada"), NOW),
      ring.nextBatch(reader(0, "room", "bob"), NOW),
    ];
    expect(first?.chunk).toBe(second?.chunk);
    ring.forgetBatches();
    expect(ring.nextBatch(reader(1, "room"), NOW)?.chunk).not.toBe(first?.chunk);
  });

  test("never confuses two batches with the same hash", () => {
    // 31 * 1 + 34 = 31 * 2 + 3.
    const ring = ringOf([entry(1, "a"), entry(2, "b"), entry(3, "b"), entry(34, "a")]);
    expect(takeAll(ring, reader(0, "a"))).toEqual([1, 34]);
    expect(takeAll(ring, reader(0, "b"))).toEqual([2, 3]);
  });

  test("serves readers between its start and its head, of its epoch only", () => {
    const ring = ringOf(
      [1, 2, 3, 4].map((seq) => entry(seq, "p")),
      2,
    );
    expect([1, 2, 3, 4, 5].map((seq) => ring.covers({ epoch: "e", seq }))).toEqual([false, true, true, true, false]);
    expect(ring.covers({ epoch: "other", seq: 3 })).toBe(false);
    expect(takeAll(ring, reader(2, "p"))).toEqual([3, 4]);
  });

  test("keeps within its bytes and entries, and one entry in any case", () => {
    const big = `"${"x".repeat(1_000)}"`;
    expect(
      ringOf(
        [1, 2, 3].map((seq) => entry(seq, "p", { data: big })),
        Infinity,
        1_500,
      ).size.entries,
    ).toBe(1);
    expect(
      ringOf(
        [1, 2, 3].map((seq) => entry(seq, "p")),
        2,
      ).size.entries,
    ).toBe(2);
    expect(ringOf([entry(1, "p", { data: big })], 5, 10).size.entries).toBe(1);
  });

  test("skips superseded values of each key, also if only the newer one is left", () => {
    const values = ["x", "y", "x", "x"].map((key, index) => entry(index + 1, "p", { mode: "latest", key }));
    expect(takeAll(ringOf(values), reader(0, "p"))).toEqual([2, 4]);
    expect(takeAll(ringOf(values, 1), reader(3, "p"))).toEqual([4]);
    const again = ringOf(values, 2);
    again.push([entry(5, "p", { mode: "latest", key: "y" })], { epoch: "e", seq: 5 }, NOW);
    expect(takeAll(again, reader(3, "p"))).toEqual([4, 5]);
  });

  test("a typing hint ages by the clock of the process when the clock of the log is another", () => {
    const ring = ringOf([entry(1, "p", { mode: "volatile" }), entry(2, "p", { mode: "volatile", at: NOW - 60_000 })]);
    expect(takeAll(ring, reader(0, "p"))).toEqual([1, 2]);
    expect(takeAll(ring, reader(0, "p"), NOW + 5_000)).toEqual([]);
    expect(takeAll(ring, reader(0, "p"), NOW - 3_600_000)).toEqual([]);
  });

  test("a reset empties it", () => {
    const ring = ringOf([entry(1, "p"), entry(2, "p")]);
    ring.reset({ epoch: "f", seq: 9 });
    expect(ring.size).toEqual({ entries: 0, bytes: 0 });
    expect(ring.covers({ epoch: "e", seq: 1 })).toBe(false);
    expect(ring.covers({ epoch: "f", seq: 9 })).toBe(true);
  });

  test("batches of readers that catch up between two turns do not pile up in memory", () => {
    const data = JSON.stringify("x".repeat(6_000));
    const ring = ringOf(Array.from({ length: 400 }, (_, index) => entry(index + 1, "p", { data })));
    const first = ring.nextBatch(reader(0, "p"), NOW);
    for (let seq = 1; seq < 300; seq++) ring.nextBatch(reader(seq, "p"), NOW);
    expect(ring.nextBatch(reader(0, "p"), NOW)?.chunk).not.toBe(first?.chunk);
  });

  test("releases the memory of an entry at once when it drops the entry", async () => {
    setFlagsFromString("--expose-gc");
    // With the flag set, a new context has it.
    const collect = runInNewContext("gc") as () => void;
    const ring = ringOf([], 10);
    const dropped: WeakRef<Entry>[] = [];
    for (let seq = 1; seq <= 13; seq++) {
      const pushed = entry(seq, "p");
      if (seq <= 3) dropped.push(new WeakRef(pushed));
      ring.push([pushed], { epoch: "e", seq }, NOW);
    }
    // A WeakRef holds its target until the end of the turn.
    await setImmediate();
    collect();
    expect(dropped.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined]);
    expect(ring.size.entries).toBe(10);
  });
});

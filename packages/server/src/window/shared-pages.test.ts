import type { Entry, Hole, Page } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { openTestHub, said, tea } from "../../test/test-hub.ts";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { SharedPages } from "./shared-pages.ts";

const START = { epoch: "e", seq: 0 };
const LIMIT = { entries: 500, bytes: 64 * 1024 };
const signal = new AbortController().signal;

/** Pages of a log that counts how often it is read. */
function pagesOf(entries: readonly Partial<Entry>[], holes: readonly Hole[] = []) {
  const clock = new VirtualClock();
  const ring = { head: { epoch: "e", seq: 9 } };
  const asked: { answer: () => void }[] = [];
  const page: Page = {
    entries: entries.map((entry, index) => ({
      epoch: "e",
      seq: index + 1,
      channel: "p",
      type: "said",
      mode: "reliable",
      at: 0,
      data: "1",
      ...entry,
    })),
    next: ring.head,
    more: false,
    holes,
  };
  const log = { read: () => new Promise<Page>((resolve) => asked.push({ answer: () => resolve(page) })) };
  const closing = new AbortController();
  const pages = new SharedPages({ log, ring, clock, closing: closing.signal, limit: LIMIT });
  const read = async (after = START, paths = ["p"]) => {
    const reading = pages.read(after, paths, signal);
    asked.at(-1)?.answer();
    return reading;
  };
  return { pages, ring, clock, closing, asked, read };
}

describe("a page of the log", () => {
  test("is shared by those who come to the same position for the same paths, with its frames", async () => {
    const { pages, asked, read } = pagesOf([{}, {}]);
    const first = await read();
    expect(pages.find({ ...START }, ["p"])).toBe(first);
    expect(await pages.read({ ...START }, ["p"], signal)).toBe(first);
    expect(first.batch.chunk).toBe(first.batch.chunk);
    expect(asked).toHaveLength(1);
    expect(pages.find({ epoch: "e", seq: 1 }, ["p"])).toBe(null);
    expect(pages.find({ epoch: "f", seq: 0 }, ["p"])).toBe(null);
    expect(pages.find(START, ["p", "q"])).toBe(null);
  });

  test("is not shared after the ring has moved, not even if it moved during the read", async () => {
    const { pages, ring, asked, read } = pagesOf([{}]);
    await read();
    ring.head = { ...ring.head };
    expect(pages.find(START, ["p"])).toBe(null);
    const reading = pages.read(START, ["p"], signal);
    ring.head = { ...ring.head };
    asked.at(-1)?.answer();
    await reading;
    expect(pages.find(START, ["p"])).toBe(null);
  });

  test("is not shared for longer than a second", async () => {
    const { pages, clock, read } = pagesOf([{}]);
    await read();
    await clock.advance(1_000);
    expect(pages.find(START, ["p"])).toBe(null);
    expect(clock.pending).toBe(0);
  });

  test("leaves no timer behind when the hub closes", async () => {
    const { clock, closing, read } = pagesOf([{}]);
    await read();
    expect(clock.pending).toBe(1);
    closing.abort();
    expect(clock.pending).toBe(0);
  });

  test("with a hole or a volatile entry is read for each reader", async () => {
    const hole: Hole = { channel: "p", reason: "trimmed", to: 3 };
    for (const { pages, read } of [pagesOf([{}], [hole]), pagesOf([{}, { mode: "volatile" }])]) {
      await read();
      expect(pages.find(START, ["p"])).toBe(null);
    }
  });

  test("is shared by readers at few positions only, so that the memory has a bound", async () => {
    const { pages, read } = pagesOf([{}]);
    const positions = Array.from({ length: 200 }, (_, seq) => ({ epoch: "e", seq }));
    for (const position of positions) await read(position);
    expect(positions.filter((position) => pages.find(position, ["p"]) !== null).length).toBeLessThanOrEqual(64);
  });
});

test("a hundred readers who come back to one position cost one read of the log, and share the bytes", async () => {
  const { hub, log, connect, say } = await openTestHub({ limits: { ringEntries: 1 } });
  const [first] = await say("a", "b", "c");
  await hub.publish(tea, "message", { text: "the ring has this one only" });
  const before = log.ownReads;
  const readers = [];
  for (let reader = 0; reader < 100; reader++) readers.push(await connect(`channel=rooms/lobby&after=${first}`));
  expect(log.ownReads - before).toBe(1);
  for (const { sink } of readers) {
    expect(sink.received).toEqual(["b", "c"].map(said));
    expect(sink.writes[1]).toBe(readers[0]?.sink.writes[1]);
  }
});

test("a reader does not wait for the read of another one, which hangs", async () => {
  const { hub, log, clock, ask, connect, say } = await openTestHub({ limits: { ringEntries: 1 } });
  const [first] = await say("a", "b");
  await hub.publish(tea, "message", { text: "the ring has this one only" });
  const response = await ask(`channel=rooms/lobby&after=${first}`);
  if (!("open" in response)) throw new Error("Expected a stream.");
  const hanging = new BufferSink();
  log.hangs = true;
  response.open(hanging);
  await clock.settle();
  log.hangs = false;
  const other = await connect(`channel=rooms/lobby&after=${first}`);
  expect([hanging.received, other.sink.received]).toEqual([[], [said("b")]]);
});

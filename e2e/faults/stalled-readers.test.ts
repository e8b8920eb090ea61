import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createParser } from "@tidings/protocol";
import { expect, onTestFinished, test } from "vitest";
import { freshFile } from "./fresh-file.ts";
import { amount, PATIENCE, record } from "./long-run.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { startReaders } from "./readers.ts";
import { LOBBY, type Vitals } from "./served-chat.ts";
import { startHub } from "./server-process.ts";

/** Who stands still: some, and then many. */
const FEW = amount(30, 100);
const MANY = amount(300, 1_000);
/** Published once the ring is full, so that the buffers of the kernel are, too; and then for as long as they stand still. */
const EARLY = 10_000;
const LATE = 40_000;
/** Of an event's text. Those of the early ones together are more than all buffers on the way to a reader hold, some 4 MiB. */
const BYTES = 500;
/** Events that the ring holds. */
const RING = 16_384;
const KIB = 1024;
const MIB = 1024 * KIB;
/** What a reader may cost: the slice that waits for its socket, and as much for socket, response and connection. */
const READER = 128 * KIB;
/** Bytes that may be more or less at any moment. */
const SLACK = 8 * MIB;

/** A reader that takes nothing any more once it has its place. */
async function stall(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  // HTTP/1.0 has no chunks: the body is the stream as it is.
  socket.write(`GET ${LOBBY} HTTP/1.0\r\n\r\n`);
  await once(socket, "data");
  socket.pause();
  return socket;
}

/** Lets a stalled reader go on, and tells the number after that of the last event when it has had them all, from the first on. */
async function countUntil(socket: Socket, first: number, end: number): Promise<number> {
  let next = first;
  const parser = createParser({
    onEvent({ event, data }) {
      if (!event.endsWith(":message")) return;
      // In order, and none left out.
      expect(data).toContain(`"text":"${next++} `);
    },
  });
  for await (const chunk of socket) {
    // A socket without an encoding yields Buffers.
    parser.push(chunk as Buffer);
    if (next === end) return next;
  }
  throw new Error(`Expected the event ${end - 1}, got the end after ${next - 1}.`);
}

test(
  `a reader that stands still costs the same whether ${FEW} do or ${MANY}, and whether ${EARLY} events are published meanwhile or ${EARLY + LATE}; the others go on, and nobody misses anything`,
  async () => {
    const { port } = await startHub(await buildServedHub(), { path: await freshFile() });
    const readers = await startReaders(5, port);
    let published = 0;
    const publish = async (count: number): Promise<void> => {
      await postJson(port, "/flood", { from: published, count, bytes: BYTES });
      published += count;
      await Promise.all(readers.map((reader) => reader.has(published)));
    };
    const measure = async () => {
      const { heapUsed, external, rss } = (await (await fetch(`http://127.0.0.1:${port}/vitals`)).json()) as Vitals;
      return { held: heapUsed + external, rss };
    };
    const stalled: Socket[] = [];
    /** What the process holds when so many stand still, early and late. */
    const standStill = async (count: number) => {
      // One after the other: what is measured is the standing, not the coming.
      while (stalled.length < count) stalled.push(await stall(port));
      await publish(EARLY);
      const early = await measure();
      await publish(LATE);
      return { early, late: await measure() };
    };

    await publish(RING);
    const before = await measure();
    const firstOfFew = published;
    const few = await standStill(FEW);
    const many = await standStill(MANY);
    const each = ({ held }: { held: number }, count: number) => (held - before.held) / count;
    const kib = (bytes: number) => `${(bytes / KIB).toFixed()} KiB`;
    record("stalled readers", {
      events: EARLY + LATE,
      [`each of ${FEW}`]: `${kib(each(few.early, FEW))} → ${kib(each(few.late, FEW))}`,
      [`each of ${MANY}`]: `${kib(each(many.early, MANY))} → ${kib(each(many.late, MANY))}`,
      rss: `${(many.early.rss / MIB).toFixed()} → ${(many.late.rss / MIB).toFixed()} MiB`,
    });
    for (const [count, { early, late }] of [
      [FEW, few],
      [MANY, many],
    ] as const) {
      // What was published late, waiting for each of them, would be 22 MiB a reader.
      expect(late.held - early.held).toBeLessThan(SLACK);
      expect(early.held - before.held).toBeLessThan(count * READER + SLACK);
    }
    expect(many.late.rss - many.early.rss).toBeLessThan(64 * MIB);

    for (const { texts, surprises } of readers) {
      expect(surprises).toEqual([]);
      expect(texts.every((text, index) => text.startsWith(`${index} `))).toBe(true);
    }
    // They go on where they stood; three say as much as all.
    const ends = await Promise.all(stalled.slice(0, 3).map((socket) => countUntil(socket, firstOfFew, published)));
    expect(ends).toEqual([published, published, published]);
  },
  PATIENCE,
);

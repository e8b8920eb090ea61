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

const STALLED = amount(300, 1_000);
/** In two halves, to see whether the lag costs anything. */
const EVENTS = 50_000;
/** Of an event's text. Together they are more than all buffers on the way to a reader hold, 6 MiB or so. */
const BYTES = 500;
const MIB = 1024 * 1024;

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

/** Lets a stalled reader go on, and tells how many events it gets up to the one that ends with a text. */
async function countUntil(socket: Socket, end: string): Promise<number> {
  let count = 0;
  let isOver = false;
  const parser = createParser({
    onEvent({ event, data }) {
      if (!event.endsWith(":message")) return;
      // In order, and none left out.
      expect(data).toContain(`"text":"${count++} `);
      isOver = data.includes(end);
    },
  });
  for await (const chunk of socket) {
    // A socket without an encoding yields Buffers.
    parser.push(chunk as Buffer);
    if (isOver) return count;
  }
  throw new Error(`Expected an event with ${end}, got the end after ${count} events.`);
}

test(
  `${STALLED} readers that stand still while ${EVENTS} events are published cost no more the longer they do; the others go on, and nobody misses anything`,
  async () => {
    const { port } = await startHub(await buildServedHub(), { path: await freshFile() });
    const vitals = async () => (await (await fetch(`http://127.0.0.1:${port}/vitals`)).json()) as Vitals;
    const memory = async () => {
      const { heapUsed, external } = await vitals();
      return heapUsed + external;
    };
    const flood = (from: number, count: number) => postJson(port, "/flood", { from, count, bytes: BYTES });

    const stalled = await Promise.all(Array.from({ length: STALLED }, () => stall(port)));
    const readers = await startReaders(5, port);
    // The ring is full, and every buffer on the way to those who stand still.
    await flood(0, EVENTS / 2);
    await Promise.all(readers.map((reader) => reader.has(EVENTS / 2)));
    const [early, earlyRss] = [await memory(), (await vitals()).rss];
    await flood(EVENTS / 2, EVENTS / 2);
    await Promise.all(readers.map((reader) => reader.has(EVENTS)));
    const [late, lateRss] = [await memory(), (await vitals()).rss];

    expect((await vitals()).connections).toBe(STALLED + readers.length);
    record("stalled readers", {
      readers: STALLED,
      events: EVENTS,
      "heap and buffers": `${(early / MIB).toFixed()} → ${(late / MIB).toFixed()} MiB`,
      rss: `${(earlyRss / MIB).toFixed()} → ${(lateRss / MIB).toFixed()} MiB`,
    });
    // The second half, waiting for each of them, would be gigabytes.
    expect(late - early).toBeLessThan(16 * MIB);
    expect(lateRss - earlyRss).toBeLessThan(64 * MIB);
    // A slice each and what node keeps of it, besides the ring: 16 MiB of frames, and their entries.
    expect(late).toBeLessThan(STALLED * 0.25 * MIB + 80 * MIB);

    for (const { texts, surprises } of readers) {
      expect(surprises).toEqual([]);
      expect(texts.every((text, index) => text.startsWith(`${index} `))).toBe(true);
    }
    // They go on where they stood; three say as much as all.
    const last = `"${EVENTS - 1} `;
    const counts = await Promise.all(stalled.slice(0, 3).map((socket) => countUntil(socket, last)));
    expect(counts).toEqual([EVENTS, EVENTS, EVENTS]);
  },
  PATIENCE,
);

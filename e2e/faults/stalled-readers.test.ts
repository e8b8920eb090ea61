import { once } from "node:events";
import type { Socket } from "node:net";
import { createParser } from "@tidings/protocol";
import { expect, onTestFinished, test } from "vitest";
import { openRawStream } from "../raw-stream.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { amount, PATIENCE, record } from "./long-run.ts";
import { postJson } from "./post-json.ts";
import { buildHubProgram } from "../build-program.ts";
import { startReaders } from "./start-readers.ts";
import { LOBBY_STREAM, type ProcessState } from "./hub-program-api.ts";
import { startHubProcess } from "./server-process.ts";

/** How many readers stall: few, and then many. */
const FEW = amount(30, 100);
const MANY = amount(300, 1_000);
/** How many events are published after the readers stall: first enough to fill the buffers of the kernel, then more. */
const EARLY = 10_000;
const LATE = 40_000;
/** Of the text of an event. The early events together are more than all buffers on the way to a reader: about 4 MiB. */
const BYTES = 500;
/** Events that the ring holds. */
const RING = 16_384;
const KIB = 1024;
const MIB = 1024 * KIB;
/** What a reader may cost: the slice that waits for its socket, and the same for socket, response and connection. */
const READER = 128 * KIB;
/** By how many bytes two measurements of the same state may differ. */
const SLACK = 8 * MIB;

/** Opens a stream, and reads no more after its first bytes. */
async function openStalledStream(port: number): Promise<Socket> {
  const socket = openRawStream(port, LOBBY_STREAM);
  onTestFinished(() => void socket.destroy());
  await once(socket, "data");
  socket.pause();
  return socket;
}

/**
 * Reads on from a stalled stream, and expects every event once and in order.
 * @param first the number of the first event
 * @param end the number after that of the last one; it is returned when all have come
 */
async function countUntil(socket: Socket, first: number, end: number): Promise<number> {
  let next = first;
  const parser = createParser({
    onEvent({ event, data }) {
      if (!event.endsWith(":message")) return;
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
  `each of ${FEW} or ${MANY} stalled readers costs the same after ${EARLY} or ${EARLY + LATE} events, and misses none`,
  async () => {
    const { port } = await startHubProcess(await buildHubProgram(), { path: await temporaryPath() });
    const readers = await startReaders(5, port);
    let published = 0;
    const publish = async (count: number): Promise<void> => {
      await postJson(port, "/flood", { from: published, count, bytes: BYTES });
      published += count;
      await Promise.all(readers.map((reader) => reader.has(published)));
    };
    const measure = async () => {
      // What hub-program.ts answers.
      const state = (await (await fetch(`http://127.0.0.1:${port}/state`)).json()) as ProcessState;
      const { heapUsed, external, rss } = state;
      return { held: heapUsed + external, rss };
    };
    const stalled: Socket[] = [];
    /** Measures the process while so many readers stall, early and late. */
    const measureStalled = async (count: number) => {
      // One after the other, since the cost of connecting is not the subject.
      while (stalled.length < count) stalled.push(await openStalledStream(port));
      await publish(EARLY);
      const early = await measure();
      await publish(LATE);
      return { early, late: await measure() };
    };

    await publish(RING);
    const before = await measure();
    const firstOfFew = published;
    const few = await measureStalled(FEW);
    const many = await measureStalled(MANY);
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
      // If the late events were buffered for each reader, they would cost 22 MiB a reader.
      expect(late.held - early.held).toBeLessThan(SLACK);
      expect(early.held - before.held).toBeLessThan(count * READER + SLACK);
    }
    expect(many.late.rss - many.early.rss).toBeLessThan(64 * MIB);

    for (const { texts, surprises } of readers) {
      expect(surprises).toEqual([]);
      expect(texts.every((text, index) => text.startsWith(`${index} `))).toBe(true);
    }
    // Stalled readers go on from their position. Three of them are enough to check that.
    const ends = await Promise.all(stalled.slice(0, 3).map((socket) => countUntil(socket, firstOfFew, published)));
    expect(ends).toEqual([published, published, published]);
  },
  PATIENCE,
);

import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { lobby, openTestHub } from "../../test/test-hub.ts";
import type { RingBatch } from "../window/ring-entry.ts";
import { Ring } from "../window/ring.ts";

// What a delivery costs, in figures that do not depend on what else the machine does.

const STREAMS = 200;
const EVENTS = 16;
const ROUNDS = 30;
/** The size of an event's text. */
const BYTES = 200;

afterEach(() => void vi.restoreAllMocks());

/** A sink that keeps nothing, since what it kept would be measured, too. */
class CountingSink {
  writes = 0;
  last: Uint8Array | null = null;

  write(_bytes: Uint8Array, framed: Uint8Array): boolean {
    this.writes++;
    this.last = framed;
    return true;
  }

  end(): void {}
}

/** Publishes events to many streams, several in one turn. */
async function deliver() {
  const { hub, ask, clock } = await openTestHub({ limits: { connectionsPerViewer: STREAMS } });
  const sinks = Array.from({ length: STREAMS }, () => new CountingSink());
  for (const sink of sinks) {
    const response = await ask("channel=rooms/lobby");
    if (!("open" in response)) throw new Error("Expected a stream.");
    response.open(sink);
  }
  const publish = async (): Promise<void> => {
    const text = "x".repeat(BYTES);
    await Promise.all(Array.from({ length: EVENTS }, () => hub.publish(lobby, "message", { text })));
    await clock.settle();
  };
  // The engine compiles the code in it, beside the program. On a busy machine that takes longer.
  for (let pause = 0; pause < 4; pause++) {
    for (let round = 0; round < ROUNDS; round++) await publish();
    await sleep(20);
  }
  const writesBefore = sinks.reduce((sum, { writes }) => sum + writes, 0);
  setFlagsFromString("--expose-gc");
  // With the flag set, a new context has it.
  const collect = runInNewContext("gc") as () => void;
  collect();
  const rounds: { readonly arrayBuffers: number; readonly heapUsed: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.memoryUsage();
    await publish();
    const after = process.memoryUsage();
    rounds.push({
      arrayBuffers: after.arrayBuffers - before.arrayBuffers,
      heapUsed: after.heapUsed - before.heapUsed,
    });
  }
  const deliveries = STREAMS * EVENTS;
  const writes = sinks.reduce((sum, sink) => sum + sink.writes, 0) - writesBefore;
  return {
    writes: writes / deliveries / ROUNDS,
    /** Allocated for frames, and for everything else. */
    frameBytes: medianOf(rounds.map(({ arrayBuffers }) => arrayBuffers)) / deliveries,
    heapBytes: medianOf(rounds.map(({ heapUsed }) => heapUsed)) / deliveries,
    buffersOfLastTurn: new Set(sinks.map(({ last }) => last)).size,
  };
}

/** The garbage collector makes the growth in some rounds smaller, and the compiler in others larger. */
function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

type Take = (upTo?: number) => RingBatch | null;

/** Rings give other batches. @param change gets what takes the batch that a ring would give */
function changeBatches(change: (take: Take) => RingBatch | null): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its ring
  const { nextBatch } = Ring.prototype;
  vi.spyOn(Ring.prototype, "nextBatch").mockImplementation(function (this: Ring, position, now) {
    const { cursor, fromByPath } = position;
    return change((upTo = position.upTo) => nextBatch.call(this, { cursor, fromByPath, upTo }, now));
  });
}

/** One write for all events of a turn. */
const MOST_WRITES = 1 / EVENTS;
/** A frame and a batch, shared by all streams. */
const MOST_FRAME_BYTES = (4 * BYTES) / STREAMS;
/** Most of it is for the publishing of an event, which all streams share, too. */
const MOST_HEAP_BYTES = 200;

describe("a delivery to one of many streams", () => {
  test("is a part of one write a turn, of bytes that all streams share, and allocates next to nothing", async () => {
    const cost = await deliver();
    expect(cost.writes).toBe(MOST_WRITES);
    expect(cost.buffersOfLastTurn).toBe(1);
    expect(cost.frameBytes).toBeLessThan(MOST_FRAME_BYTES);
    expect(cost.heapBytes).toBeLessThan(MOST_HEAP_BYTES);
  });

  test("costs more writes without batches: the figures above show it", async () => {
    changeBatches((take) => take(take()?.entries[0]?.seq));
    const cost = await deliver();
    expect(cost.writes).toBeGreaterThan(MOST_WRITES);
    expect(cost.heapBytes).toBeGreaterThan(MOST_HEAP_BYTES);
  });

  test("costs more bytes when each stream has bytes of its own: the figures above show it", async () => {
    changeBatches((take) => {
      const batch = take();
      if (batch === null) return null;
      const { bytes, framed } = batch.chunk;
      return { ...batch, chunk: { bytes: bytes.slice(), framed: new Uint8Array(framed) } };
    });
    const cost = await deliver();
    expect(cost.buffersOfLastTurn).toBe(STREAMS);
    expect(cost.frameBytes).toBeGreaterThan(MOST_FRAME_BYTES);
  });
});

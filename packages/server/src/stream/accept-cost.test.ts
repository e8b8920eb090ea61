import { createHook } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { openTestHub, request } from "../../test/test-hub.ts";

// What it costs to accept a stream, and to keep it open, in figures that do not depend on what else the machine does.

const STREAMS = 1_000;
/** Of the memory of a stream. */
const ROUNDS = 3;
/** A page whose hooks answer at once, and one that looks things up. */
const AT_ONCE = { authenticate: () => ({ id: "ada" }), authorize: () => true } as const;
const LATER = { authenticate: async () => ({ id: "ada" }), authorize: async () => true } as const;

/** Opens streams. All figures are of one stream. */
async function accept(hooks: Parameters<typeof openTestHub>[0], query = "channel=rooms/lobby") {
  const { hub, clock } = await openTestHub({ limits: { connectionsPerViewer: Infinity }, ...hooks });
  const sink = { write: () => true, end: () => {} };
  let signals = 0;
  const open = async (): Promise<void> => {
    const { signal: _, ...parts } = request(query);
    const response = await hub.handle({
      ...parts,
      isGone: false,
      get signal() {
        signals++;
        return new AbortController().signal;
      },
    });
    if (!("open" in response)) throw new Error("Expected a stream.");
    response.open(sink);
  };
  // The engine compiles the code in it.
  for (let count = 0; count < STREAMS; count++) await open();
  signals = 0;
  let timers = 0;
  const startTimer = clock.setTimeout.bind(clock);
  clock.setTimeout = (...given) => {
    timers++;
    return startTimer(...given);
  };
  let promises = 0;
  const promiseHook = createHook({
    init(_id, type) {
      if (type === "PROMISE") promises++;
    },
  }).enable();
  await open();
  promiseHook.disable();
  const counted = { promises, timers, signals };
  setFlagsFromString("--expose-gc");
  // With the flag set, a new context has it.
  const collect = runInNewContext("gc") as () => void;
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await clock.settle();
      collect();
    }
  };
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await settle();
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < STREAMS; count++) await open();
    await settle();
    rounds.push((process.memoryUsage().heapUsed - before) / STREAMS);
  }
  // The one in the middle: what other tests have left in this process may go, or come, in one of them.
  const bytes = rounds.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  return { ...counted, bytes };
}

/** One for each step that may take long, the answer of the log, and those of this test. */
const MOST_PROMISES = 30;
/** Of a stream of one path, without the socket. */
const MOST_BYTES = 1_050;

describe("accepting a stream", () => {
  test("makes neither a timer nor a signal for hooks that answer at once, and few promises", async () => {
    const cost = await accept(AT_ONCE);
    expect(cost).toMatchObject({ signals: 0, timers: 1 });
    expect(cost.promises).toBeLessThan(MOST_PROMISES);
  });

  test("bounds the time of hooks that answer later: the figures above show it", async () => {
    const cost = await accept(LATER);
    expect(cost).toMatchObject({ signals: 0, timers: 3 });
    expect(cost.promises).toBeGreaterThan(MOST_PROMISES);
  });

  test("keeps little for a stream that is open", async () => {
    expect((await accept(AT_ONCE)).bytes).toBeLessThan(MOST_BYTES);
    const eightPaths = Array.from({ length: 8 }, (_, number) => `channel=rooms/${number}`).join("&");
    expect((await accept(AT_ONCE, eightPaths)).bytes).toBeGreaterThan(MOST_BYTES);
  });
});

import { memoryLog, type Entry, type EventLog, type Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { DEFAULT_LIMITS } from "../runtime/limits.ts";
import { createReadQueue } from "../runtime/read-queue.ts";
import { createTrace } from "../runtime/trace.ts";
import { Ring } from "../window/ring.ts";
import { SharedPages } from "../window/shared-pages.ts";
import type { ConnectionNeeds } from "./connection-needs.ts";
import { Connection } from "./connection.ts";
import type { Follower } from "./followers.ts";
import { createRetryDelays } from "./retry-delays.ts";
import { createWakeQueue } from "./wake-queue.ts";

const NEW_HEAD: Cursor = { epoch: "new", seq: 43 };

/** After a failover: epoch `old` ends at 40, and `new` goes on at 41. */
function entry(seq: number): Entry {
  return { epoch: "new", seq, channel: "room", type: "said", mode: "reliable", at: 0, data: String(seq) };
}

/** @param pages the first answers of the log */
function follow(ringHead: Cursor, cursor: Cursor, from: number, pages: Page[] = []) {
  const clock = new VirtualClock();
  let reads = 0;
  const log: EventLog = {
    ...memoryLog(),
    watch: () => () => {},
    read: async (after): Promise<Page> => {
      reads++;
      const page = pages.shift();
      if (page !== undefined) return page;
      if (after.epoch === "old" && after.seq > 40) {
        return { entries: [], next: NEW_HEAD, more: false, holes: [{ channel: "room", reason: "lost", to: 43 }] };
      }
      const entries = [41, 42, 43].filter((seq) => seq > after.seq).map(entry);
      return { entries, next: NEW_HEAD, more: false, holes: [] };
    },
  };
  const ring = new Ring(DEFAULT_LIMITS);
  ring.reset(ringHead);
  const followers: Follower[] = [];
  const waiting: Follower[] = [];
  const closing = new AbortController().signal;
  const needs: ConnectionNeeds = {
    log,
    pages: new SharedPages({ log, ring, clock, closing, limit: { entries: 500, bytes: 64 * 1024 } }),
    reads: createReadQueue({ concurrency: 1, timeLimit: 10_000, clock }),
    streamReadLimit: { entries: 500, bytes: 64 * 1024 },
    ring,
    wakeQueue: createWakeQueue({ clock, ring }),
    followers: {
      follow: (follower) => followers.push(follower),
      unfollow: () => {},
      waitForRing: (follower) => waiting.push(follower),
      stopWaiting: () => {},
    },
    retryDelays: createRetryDelays({ streams: { size: 1 }, drain: null, random: () => 0.5 }),
    byes: { add: (say) => say() },
    streams: { remove: () => {} },
    limits: DEFAULT_LIMITS,
    heartbeat: 15_000,
    hello: { protocol: 1, heartbeat: 15_000, contract: "" },
    clock,
    random: () => 0.5,
    trace: createTrace({ onLog: () => {} }, clock),
  };
  const sink = new BufferSink();
  const connection = new Connection(needs, sink, {
    access: { viewer: { id: "ada" }, viewerId: "ada", granted: new Map(), refused: new Map(), end: Infinity },
    cursor,
    isConfirmed: true,
    fromByPath: new Map([["room", from]]),
    epoch: "old",
    readableFromByPath: new Map(),
    newPaths: [],
    untoldPaths: [],
    holes: [],
  });
  connection.start();
  /** The ring has moved away from a position. */
  const wake = (headBefore: Cursor): void => {
    for (const follower of followers) {
      follower.wake(headBefore);
      follower.pump();
    }
  };
  return { clock, ring, sink, followers, waiting, wake, reads: () => reads };
}

test("a reader that has seen no lost event goes on without a gap (law 4)", async () => {
  const { clock, sink } = follow({ epoch: "new", seq: 43 }, { epoch: "old", seq: 30 }, 0);
  await clock.settle();
  expect(sink.received).toEqual(["room:said 41", "room:said 42", "room:said 43"]);
  expect(sink.of("gap")).toEqual([]);
});

test("a stream ends if the start of one of its channels was lost: the client comes back", async () => {
  // The entries 41 to 45 of the old epoch are lost. To skip the new entries there would be a silent hole.
  const { clock, sink } = follow({ epoch: "new", seq: 43 }, { epoch: "old", seq: 30 }, 45);
  await clock.settle();
  expect(sink.received).toEqual([]);
  expect(sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
});

test("a reader that reaches the new epoch before the ring waits for it, without more reads", async () => {
  const { clock, ring, sink, followers, waiting, wake, reads } = follow(
    { epoch: "old", seq: 40 },
    { epoch: "old", seq: 30 },
    0,
  );
  // The ring has nothing before 40, so the connection reads the log.
  await clock.settle();
  expect([sink.received.length, reads(), waiting]).toEqual([3, 1, followers]);
  ring.reset({ epoch: "new", seq: 43 });
  wake({ epoch: "old", seq: 40 });
  ring.push([entry(44)], { epoch: "new", seq: 44 }, 0);
  wake({ epoch: "new", seq: 43 });
  await clock.settle();
  expect([sink.received.at(-1), reads()]).toEqual(["room:said 44", 1]);
});

test("a hole of the new epoch is reported even if a hole of the old epoch had a later end", async () => {
  const hole = (to: number) => [{ channel: "room", reason: "trimmed", to }] as const;
  const { clock, sink } = follow({ epoch: "new", seq: 43 }, { epoch: "old", seq: 20 }, 0, [
    { entries: [], next: { epoch: "old", seq: 30 }, more: true, holes: hole(45) },
    { entries: [entry(43)], next: { epoch: "new", seq: 43 }, more: false, holes: hole(42) },
  ]);
  await clock.settle();
  expect(sink.of("gap")).toHaveLength(2);
  expect(sink.received).toEqual(["room:said 43"]);
});

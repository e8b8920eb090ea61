import { defineContract } from "@tidings/contract";
import { memoryLog, type Entry, type EventLog, type Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { expect, test } from "vitest";
import { BufferSink } from "../test/buffer-sink.ts";
import { VirtualClock } from "../test/virtual-clock.ts";
import { Connection } from "./connection.ts";
import { createContext } from "./context.ts";

/** After a failover: epoch `old` ends at 40, and `new` goes on at 41. */
function entry(seq: number): Entry {
  return { epoch: "new", seq, channel: "room", type: "said", mode: "reliable", at: 0, data: String(seq) };
}

/** @param pages what the log answers first */
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
      const entries = [41, 42, 43].filter((seq) => seq > after.seq).map(entry);
      return { entries, next: { epoch: "new", seq: 43 }, more: false, holes: [] };
    },
  };
  const context = createContext(defineContract({}), {
    snapshot: {},
    log,
    clock,
    authorize: () => true,
    onLog: () => {},
  });
  const { ring } = context;
  ring.reset(ringHead);
  const sink = new BufferSink();
  const access = { viewer: { id: "ada" }, granted: new Map(), refused: new Map() };
  const connection = new Connection(context, sink, {
    access,
    cursor,
    confirmed: true,
    froms: new Map([["room", from]]),
    epoch: "old",
    readable: new Map(),
    fresh: [],
    holes: [],
  });
  connection.pump();
  return { clock, ring, connection, sink, waiting: context.connections.ahead, reads: () => reads };
}

test("a reader that saw nothing of what was lost goes on without a gap (law 4)", async () => {
  const { clock, sink } = follow({ epoch: "new", seq: 43 }, { epoch: "old", seq: 30 }, 0);
  await clock.settle();
  expect(sink.told).toEqual(["room:said 41", "room:said 42", "room:said 43"]);
  expect(sink.of("gap")).toEqual([]);
});

test("a channel whose own start was lost is not followed from there: the client comes back", async () => {
  // What stood from 41 to 45 in the old epoch is lost; skipping what stands there now would be a silent hole.
  const { clock, sink } = follow({ epoch: "new", seq: 43 }, { epoch: "old", seq: 30 }, 45);
  await clock.settle();
  expect(sink.told).toEqual([]);
  expect(sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
});

test("a reader that is in the new epoch before the ring waits for it, instead of asking again and again", async () => {
  const { clock, ring, connection, sink, waiting, reads } = follow(
    { epoch: "old", seq: 40 },
    { epoch: "old", seq: 30 },
    0,
  );
  // The ring holds nothing before 40, so the reader asks the log.
  await clock.settle();
  expect([sink.told.length, reads(), [...waiting]]).toEqual([3, 1, [connection]]);
  ring.reset({ epoch: "new", seq: 43 });
  connection.wake({ epoch: "old", seq: 40 });
  connection.pump();
  ring.push([entry(44)], { epoch: "new", seq: 44 }, 0);
  connection.wake({ epoch: "new", seq: 43 });
  connection.pump();
  await clock.settle();
  expect([sink.told.at(-1), reads()]).toEqual(["room:said 44", 1]);
});

test("a hole of the new epoch is told also where a hole of the old one reached further", async () => {
  const hole = (to: number) => [{ channel: "room", reason: "trimmed", to }] as const;
  const { clock, sink } = follow({ epoch: "new", seq: 43 }, { epoch: "old", seq: 20 }, 0, [
    { entries: [], next: { epoch: "old", seq: 30 }, more: true, holes: hole(45) },
    { entries: [entry(43)], next: { epoch: "new", seq: 43 }, more: false, holes: hole(42) },
  ]);
  await clock.settle();
  expect(sink.of("gap")).toHaveLength(2);
  expect(sink.told).toEqual(["room:said 43"]);
});

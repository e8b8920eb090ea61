import { describe, expect, test, vi } from "vitest";
import { lobby, openTestHub, said, tea } from "../../test/test-hub.ts";
import { FailoverLog } from "../../test/failover-log.ts";
import { WatchedLog } from "../../test/watched-log.ts";
import { Pump } from "../stream/pump.ts";

const LOBBY = "channel=rooms/lobby";

describe("law 10: the doorbell", () => {
  test("an event whose doorbell was lost is delivered within a second, and counted", async () => {
    const { hub, clock, log, connect, say } = await openTestHub();
    const { sink } = await connect(LOBBY);
    log.muted = true;
    await say("a");
    expect(sink.received).toEqual([]);
    await clock.advance(1_000);
    expect(sink.received).toEqual([said("a")]);
    expect(hub.stats().missedDoorbells).toBe(1);
  });

  test("a doorbell that rings needs no poll, and a doorbell without a reason delivers nothing twice", async () => {
    const { hub, clock, log, connect, say } = await openTestHub();
    const { sink } = await connect(LOBBY);
    await say("a");
    log.ring();
    log.ring();
    await clock.advance(5_000);
    expect(sink.received).toEqual([said("a")]);
    expect(hub.stats().missedDoorbells).toBe(0);
  });

  test("many events whose doorbell was lost count as one", async () => {
    const { hub, clock, log, say } = await openTestHub({ limits: { pageEvents: 2 } });
    log.muted = true;
    await say("a", "b", "c", "d", "e");
    await clock.advance(1_000);
    expect(hub.stats().missedDoorbells).toBe(1);
  });
});

describe("one tailer for all", () => {
  test("events that are published together are one read of the log, for any number of connections", async () => {
    const { log, connect, say } = await openTestHub();
    const streams = await Promise.all(Array.from({ length: 100 }, () => connect(LOBBY)));
    log.calls["read"] = 0;
    log.ownReads = 0;
    await say("a", "b", "c");
    expect(log.calls["read"]).toBe(1);
    expect(log.ownReads).toBe(0);
    for (const { sink } of streams) expect(sink.received).toEqual(["a", "b", "c"].map(said));
  });

  test("events that are published together are one write per connection, of bytes that all share", async () => {
    const { hub, clock, connect, say } = await openTestHub();
    const inbox = "channel=users/ada/inbox";
    const streams = await Promise.all(
      [LOBBY, `${LOBBY}&channel=rooms/tea`, `${LOBBY}&${inbox}`].map((query) => connect(query)),
    );
    const before = streams.map(({ sink }) => sink.writes.length);
    await say("a", "b", "c");
    expect(streams.map(({ sink }) => sink.writes.length)).toEqual(before.map((count) => count + 1));
    expect(new Set(streams.map(({ sink }) => sink.writes.at(-1))).size).toBe(1);
    await hub.publish(tea, "message", { text: "x" });
    await clock.settle();
    expect(streams.map(({ sink }) => sink.received.length)).toEqual([3, 4, 3]);
  });

  test("10,000 connections cost one read for each poll, and an event of one address wakes one of them", async () => {
    const { hub, log, connect, clock } = await openTestHub({ limits: { connectionsPerViewer: Infinity } });
    const streams = [];
    for (let batch = 0; batch < 100; batch++) {
      streams.push(
        ...(await Promise.all(
          Array.from({ length: 100 }, (_, index) => connect(`channel=rooms/${batch * 100 + index}`)),
        )),
      );
    }
    log.calls["read"] = 0;
    await clock.advance(10_000);
    expect(log.calls["read"]).toBe(10);
    let pumped = 0;
    // oxlint-disable-next-line typescript/unbound-method -- called below with the `this` of each call
    const pump = Pump.prototype.pump;
    vi.spyOn(Pump.prototype, "pump").mockImplementation(function (this: Pump) {
      pumped++;
      pump.call(this);
    });
    const writes = streams.reduce((sum, { sink }) => sum + sink.writes.length, 0);
    await hub.publish({ name: "room", params: { roomId: "77" }, path: "rooms/77" }, "message", { text: "a" });
    await clock.settle();
    expect(streams.reduce((sum, { sink }) => sum + sink.writes.length, 0)).toBe(writes + 1);
    expect(streams[77]?.sink.received).toHaveLength(1);
    expect(pumped).toBe(1);
    vi.restoreAllMocks();
  });
});

describe("when the log fails", () => {
  test("the poll tries again, and nothing is lost", async () => {
    const { clock, log, connect, say, records } = await openTestHub();
    const { sink } = await connect(LOBBY);
    log.muted = true;
    await say("a");
    log.fails = true;
    await clock.advance(3_000);
    expect(records.filter(({ event }) => event === "read-failed").length).toBeGreaterThan(0);
    log.fails = false;
    await clock.advance(1_000);
    expect(sink.received).toEqual([said("a")]);
  });

  test("a read that hangs is given up after ten seconds", async () => {
    const { clock, log, connect, say } = await openTestHub();
    const { sink } = await connect(LOBBY);
    log.hangs = true;
    log.ring();
    await clock.settle();
    log.hangs = false;
    await say("a");
    expect(sink.received).toEqual([]);
    await clock.advance(11_000);
    expect(sink.received).toEqual([said("a")]);
  });

  test("a log that does not answer at first is asked again by the next request, and watched once", async () => {
    const broken = new WatchedLog();
    broken.fails = true;
    const { ask, connect, say, clock } = await openTestHub({ log: broken });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    broken.fails = false;
    const timers = clock.pending;
    const { sink } = await connect(LOBBY);
    expect(broken.watchers).toBe(1);
    // The poll finds the event.
    expect(clock.pending).toBe(timers + 1);
    await say("a");
    expect(sink.received).toEqual([said("a")]);
  });
});

test("law 2: after a hole, the ring is empty and every connection reads the log from its cursor", async () => {
  const { hub, clock, log, connect } = await openTestHub({ keep: { entries: 2 } });
  const room = await connect(LOBBY);
  const quiet = await connect("channel=rooms/tea");
  log.muted = true;
  for (const text of ["a", "b", "c", "d"]) await hub.publish(lobby, "message", { text });
  await clock.advance(1_000);
  expect(room.sink.of("gap")).toEqual([{ data: { channels: { "rooms/lobby": "trimmed" } }, id: null }]);
  expect(room.sink.received).toEqual([said("c"), said("d")]);
  expect(quiet.sink.of("gap")).toEqual([]);
  await hub.publish(tea, "message", { text: "x" });
  await clock.advance(1_000);
  expect(quiet.sink.received).toEqual(['rooms/tea:message {"text":"x"}']);
});

describe("a new epoch (laws 2 and 4)", () => {
  test("without a loss costs no stream a read of the log, whether it is live, lags or is full", async () => {
    const log = new FailoverLog();
    const { clock, connect, say } = await openTestHub({ log, limits: { connectionsPerViewer: Infinity } });
    const [first = ""] = await say("a", "b");
    const live = await Promise.all(Array.from({ length: 300 }, () => connect(LOBBY)));
    const stalled = await connect(`${LOBBY}&after=${first}`);
    stalled.sink.stalled = true;
    await say("c");
    [log.calls["read"], log.ownReads] = [0, 0];
    log.failOver(0);
    // Nothing is published in the new epoch yet: the poll finds it.
    await clock.advance(1_000);
    await say("d");
    log.failOver(0);
    await say("e");
    stalled.sink.stalled = false;
    stalled.control.drained();
    await clock.settle();
    for (const { sink } of live) expect(sink.received).toEqual(["c", "d", "e"].map(said));
    expect(stalled.sink.received).toEqual(["b", "c", "d", "e"].map(said));
    // One read names a path: the tailer asks whether its own position is known.
    expect([log.ownReads, live[0]?.sink.of("gap")]).toEqual([1, []]);
    // A reader of the first epoch comes back, and the ring serves it.
    const back = await connect(`${LOBBY}&after=${first}`);
    expect([back.sink.received, log.ownReads]).toEqual([["b", "c", "d", "e"].map(said), 1]);
  });

  test("is a gap for readers that have seen what is lost, and for nobody else", async () => {
    const log = new FailoverLog();
    const { clock, connect, say } = await openTestHub({ log });
    await say("a", "b");
    const live = await connect(LOBBY);
    log.muted = true;
    const [, lost = ""] = await say("lost 1", "lost 2");
    const ahead = await connect(`${LOBBY}&after=${lost}`);
    log.failOver(2);
    log.muted = false;
    await say("c", "d", "e");
    await clock.settle();
    expect([live.sink.received, live.sink.of("gap")]).toEqual([["c", "d", "e"].map(said), []]);
    expect(ahead.sink.received).toEqual([]);
    expect(ahead.sink.of("gap")).toEqual([{ data: { channels: { "rooms/lobby": "lost" } }, id: "e1.5" }]);
    expect((await connect(`${LOBBY}&after=${lost}`)).sink.of("gap")).toHaveLength(1);
  });

  test("that a trim begins after a loss is a gap for an idle reader, although nothing is published", async () => {
    const log = new FailoverLog();
    const { clock, connect, say } = await openTestHub({ log });
    await say("a", "lost 1", "lost 2");
    const live = await connect(LOBBY);
    const trim = vi.spyOn(log, "trim").mockImplementationOnce(async () => log.failOver(2));
    // Trims come every five seconds, and the poll once a second.
    await clock.advance(4_000);
    expect([trim.mock.calls.length, live.sink.of("gap")]).toEqual([0, []]);
    await clock.advance(2_000);
    expect(live.sink.of("gap")).toEqual([{ data: { channels: { "rooms/lobby": "lost" } }, id: "e1.1" }]);
  });

  test("ends a stream that starts one channel after what is lost, although nothing wakes that channel", async () => {
    const log = new FailoverLog();
    const { connect, say } = await openTestHub({ log });
    const [first = ""] = await say("a", "b");
    log.muted = true;
    const [, lost = ""] = await say("lost 1", "lost 2");
    const { sink } = await connect(`channel=rooms/tea@${lost}&channel=rooms/other&after=${first}`);
    log.failOver(2);
    log.muted = false;
    await say("c", "d", "e");
    expect([sink.received, sink.of("bye")]).toEqual([[], [{ data: { reason: "max-age" }, id: null }]]);
  });

  test("of a log that has replaced this one and is empty is a gap", async () => {
    const log = new FailoverLog();
    const { clock, connect, say } = await openTestHub({ log });
    await say("a");
    const { sink } = await connect(LOBBY);
    log.replace();
    await clock.advance(1_000);
    expect(sink.of("gap")).toEqual([{ data: { channels: { "rooms/lobby": "reset" } }, id: "other.0" }]);
  });
});

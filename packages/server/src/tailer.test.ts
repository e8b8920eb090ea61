import { describe, expect, test, vi } from "vitest";
import { lobby, openHouse, said, tea } from "../test/house.ts";
import { WatchedLog } from "../test/watched-log.ts";
import { Connection } from "./connection.ts";

const LOBBY = "channel=rooms/lobby";

describe("law 10: the doorbell", () => {
  test("an event whose ring was lost is told within a second, and counted", async () => {
    const { hub, clock, log, connect, say } = await openHouse();
    const { sink } = await connect(LOBBY);
    log.muted = true;
    await say("a");
    expect(sink.told).toEqual([]);
    await clock.advance(1_000);
    expect(sink.told).toEqual([said("a")]);
    expect(hub.stats().missedDoorbells).toBe(1);
  });

  test("a ring that is heard needs no poll, and rings without a reason tell nothing twice", async () => {
    const { hub, clock, log, connect, say } = await openHouse();
    const { sink } = await connect(LOBBY);
    await say("a");
    log.ring();
    log.ring();
    await clock.advance(5_000);
    expect(sink.told).toEqual([said("a")]);
    expect(hub.stats().missedDoorbells).toBe(0);
  });

  test("many events whose ring was lost count as one", async () => {
    const { hub, clock, log, say } = await openHouse({ limits: { pageEvents: 2 } });
    log.muted = true;
    await say("a", "b", "c", "d", "e");
    await clock.advance(1_000);
    expect(hub.stats().missedDoorbells).toBe(1);
  });
});

describe("one tailer for all", () => {
  test("what is published in one go is one read of the log, for any number of connections", async () => {
    const { log, connect, say } = await openHouse();
    const streams = await Promise.all(Array.from({ length: 100 }, () => connect(LOBBY)));
    log.calls["read"] = 0;
    log.ownReads = 0;
    await say("a", "b", "c");
    expect(log.calls["read"]).toBe(1);
    expect(log.ownReads).toBe(0);
    for (const { sink } of streams) expect(sink.told).toEqual(["a", "b", "c"].map(said));
  });

  test("what is published in one go is one write per connection, of bytes that all share", async () => {
    const { hub, clock, connect, say } = await openHouse();
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
    expect(streams.map(({ sink }) => sink.told.length)).toEqual([3, 4, 3]);
  });

  test("of 10,000 connections on 10,000 addresses, an event wakes the one that it concerns", async () => {
    const { hub, connect, clock } = await openHouse({ limits: { connectionsPerViewer: Infinity } });
    const streams = [];
    for (let batch = 0; batch < 100; batch++) {
      streams.push(
        ...(await Promise.all(
          Array.from({ length: 100 }, (_, index) => connect(`channel=rooms/${batch * 100 + index}`)),
        )),
      );
    }
    let pumped = 0;
    // Called with the `this` it is called with.
    // oxlint-disable-next-line typescript/unbound-method
    const pump = Connection.prototype.pump;
    vi.spyOn(Connection.prototype, "pump").mockImplementation(function (this: Connection) {
      pumped++;
      pump.call(this);
    });
    const writes = streams.reduce((sum, { sink }) => sum + sink.writes.length, 0);
    await hub.publish({ name: "room", params: { roomId: "77" }, path: "rooms/77" }, "message", { text: "a" });
    await clock.settle();
    expect(streams.reduce((sum, { sink }) => sum + sink.writes.length, 0)).toBe(writes + 1);
    expect(streams[77]?.sink.told).toHaveLength(1);
    expect(pumped).toBe(1);
    vi.restoreAllMocks();
  });
});

describe("when the log fails", () => {
  test("the poll tries again, and nothing is lost", async () => {
    const { clock, log, connect, say, records } = await openHouse();
    const { sink } = await connect(LOBBY);
    log.muted = true;
    await say("a");
    log.fails = true;
    await clock.advance(3_000);
    expect(records.filter(({ event }) => event === "read-failed").length).toBeGreaterThan(0);
    log.fails = false;
    await clock.advance(1_000);
    expect(sink.told).toEqual([said("a")]);
  });

  test("a read that hangs is given up after ten seconds", async () => {
    const { clock, log, connect, say } = await openHouse();
    const { sink } = await connect(LOBBY);
    log.hangs = true;
    log.ring();
    await clock.settle();
    log.hangs = false;
    await say("a");
    expect(sink.told).toEqual([]);
    await clock.advance(11_000);
    expect(sink.told).toEqual([said("a")]);
  });

  test("a log that does not answer at first is asked again by the next request, and watched once", async () => {
    const broken = new WatchedLog();
    broken.fails = true;
    const { ask, connect, say, clock } = await openHouse({ log: broken });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    broken.fails = false;
    const timers = clock.pending;
    const { sink } = await connect(LOBBY);
    expect(broken.watchers).toBe(1);
    // The poll.
    expect(clock.pending).toBe(timers + 1);
    await say("a");
    expect(sink.told).toEqual([said("a")]);
  });
});

test("law 2: after a hole, the ring is empty and everybody reads the log from where they stand", async () => {
  const { hub, clock, log, connect } = await openHouse({ keep: { entries: 2 } });
  const room = await connect(LOBBY);
  const quiet = await connect("channel=rooms/tea");
  log.muted = true;
  for (const text of ["a", "b", "c", "d"]) await hub.publish(lobby, "message", { text });
  await clock.advance(1_000);
  expect(room.sink.of("gap")).toEqual([{ data: { channels: { "rooms/lobby": "trimmed" } }, id: null }]);
  expect(room.sink.told).toEqual([said("c"), said("d")]);
  expect(quiet.sink.of("gap")).toEqual([]);
  await hub.publish(tea, "message", { text: "x" });
  await clock.advance(1_000);
  expect(quiet.sink.told).toEqual(['rooms/tea:message {"text":"x"}']);
});

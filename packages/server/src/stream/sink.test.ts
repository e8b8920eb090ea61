import { describe, expect, test } from "vitest";
import { lobby, openTestHub, said } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";

describe("a slow reader", () => {
  test("has at most one batch waiting, costs nobody else anything, and catches up in order", async () => {
    const { hub, clock, connect } = await openTestHub({ limits: { ringEntries: 100 } });
    const slow = await connect(LOBBY);
    const healthy = await connect(LOBBY);
    slow.sink.stalled = true;
    const text = "x".repeat(1_000);
    for (let index = 0; index < 1_000; index++) {
      await hub.publish(lobby, "message", { text: `${index} ${text}` });
      if (index % 50 === 0) await clock.settle();
    }
    await clock.settle();
    expect(healthy.sink.received).toHaveLength(1_000);
    expect(slow.sink.bytes).toBeLessThan(80 * 1_024);
    while (slow.sink.received.length < 1_000) {
      const before = slow.sink.bytes;
      slow.control.drained();
      await clock.settle();
      expect(slow.sink.bytes - before).toBeLessThan(80 * 1_024);
      expect(slow.sink.bytes).toBeGreaterThan(before);
    }
    expect(slow.sink.received).toEqual(healthy.sink.received);
  });

  test("gets no heartbeat while bytes wait already", async () => {
    const { clock, connect, say } = await openTestHub();
    const { sink } = await connect(LOBBY);
    sink.stalled = true;
    await say("a");
    await clock.advance(60_000);
    expect(sink.of("heartbeat")).toEqual([]);
  });
});

describe("when the log fails", () => {
  test("the connection reads again after a second, and loses nothing", async () => {
    const { clock, connect, say, log, records } = await openTestHub({ limits: { ringEntries: 1 } });
    const { sink, control } = await connect(LOBBY);
    sink.stalled = true;
    await say("a", "b");
    await say("c", "d");
    sink.stalled = false;
    log.fails = true;
    control.drained();
    await clock.settle();
    expect(records).toContainEqual(expect.objectContaining({ level: "error", event: "read-failed" }));
    log.fails = false;
    await clock.advance(1_000);
    expect(sink.received).toEqual(["a", "b", "c", "d"].map(said));
  });

  test("a read that hangs is given up after ten seconds, and its late answer is dropped", async () => {
    const { clock, connect, say, log } = await openTestHub({ limits: { ringEntries: 1 } });
    const { sink, control } = await connect(LOBBY);
    sink.stalled = true;
    await say("a");
    await say("b");
    await say("c");
    sink.stalled = false;
    log.hangs = true;
    control.drained();
    await clock.settle();
    log.hangs = false;
    await clock.advance(11_000);
    expect(sink.received).toEqual(["a", "b", "c"].map(said));
  });

  test("a reader that leaves during the pause leaves no timer behind", async () => {
    const { clock, connect, say, log, hub } = await openTestHub({ limits: { ringEntries: 1 } });
    const before = clock.pending;
    const { sink, control } = await connect(LOBBY);
    sink.stalled = true;
    await say("a");
    await say("b");
    await say("c");
    log.fails = true;
    sink.stalled = false;
    control.drained();
    await clock.settle();
    control.closed();
    control.closed();
    control.drained();
    await clock.advance(1_000);
    expect(hub.stats().connections).toBe(0);
    expect(clock.pending).toBe(before);
  });
});

test("a sink that throws ends its own stream only", async () => {
  const { connect, say, hub, records } = await openTestHub();
  const broken = await connect(LOBBY);
  const healthy = await connect(LOBBY);
  broken.sink.write = () => {
    throw new Error("broken");
  };
  await say("a");
  await say("b");
  expect(healthy.sink.received).toEqual([said("a"), said("b")]);
  expect(hub.stats().connections).toBe(1);
  expect(records).toContainEqual(expect.objectContaining({ event: "hook-failed", detail: "sink" }));
});

test("a sink that is closed during a write leaves nothing behind", async () => {
  const { ask, hub } = await openTestHub();
  const response = await ask(LOBBY);
  if (!("open" in response)) throw new Error("Expected a stream.");
  response.open({
    write: () => {
      throw new Error("gone");
    },
    end: () => {},
  });
  expect(hub.stats()).toMatchObject({ connections: 0, channels: 0 });
});

test("a stream that has ended stays ended, whatever comes after it", async () => {
  const { hub, clock, connect, say } = await openTestHub();
  const { sink, control } = await connect("channel=rooms/lobby");
  await hub.disconnect({ address: lobby });
  await clock.settle();
  const { length } = sink.writes;
  control.drained();
  await say("a");
  await hub.recheck({ address: lobby });
  await clock.advance(20_000);
  control.closed();
  control.drained();
  expect([sink.ended, sink.writes.length, hub.stats().connections]).toEqual([true, length, 0]);
});

import { describe, expect, test, vi } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { lobby, openTestHub } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";

describe("modes", () => {
  test("superseded values are skipped on the way, withdrawn ones are cleared", async () => {
    const { hub, clock, connect, say } = await openTestHub();
    const [start = ""] = await say("a");
    for (const value of [1, 2, 3]) await hub.publish(lobby, "price", { symbol: "x", value });
    await hub.publish(lobby, "price", { symbol: "y", value: 9 });
    await hub.clear(lobby, "price", "y");
    await clock.settle();
    const { sink } = await connect(`${LOBBY}&after=${start}`);
    expect(sink.received).toEqual(['rooms/lobby:price {"symbol":"x","value":3}']);
    expect(sink.of("clear").map(({ data }) => data)).toEqual([{ channel: "rooms/lobby", type: "price", key: "y" }]);
  });

  test("a channel that is new to the client begins with its current values, then the position", async () => {
    const { hub, connect, say } = await openTestHub();
    await hub.publish(lobby, "topic", { text: "tea" });
    await say("old");
    const { sink } = await connect(`${LOBBY}@now`);
    await say("new");
    expect(sink.events.map(({ event, id }) => [event, id !== null])).toEqual([
      ["hello", false],
      ["rooms/lobby:topic", false],
      ["heartbeat", true],
      ["rooms/lobby:message", true],
    ]);
  });

  test("many current values come page by page", async () => {
    const { hub, connect } = await openTestHub({ limits: { pageEvents: 2 } });
    for (let value = 0; value < 7; value++) await hub.publish(lobby, "price", { symbol: String(value), value });
    const { sink } = await connect(`${LOBBY}@now`);
    expect(sink.received).toHaveLength(7);
    expect(sink.of("heartbeat")).toHaveLength(1);
  });

  test("a failover between two pages of current values ends the stream, and the client gets the new ones", async () => {
    const { hub, clock, log, connect } = await openTestHub({ limits: { pageEvents: 1 } });
    for (const symbol of ["a", "b"]) await hub.publish(lobby, "price", { symbol, value: 1 });
    const sink = new BufferSink();
    const write = sink.write.bind(sink);
    sink.write = (bytes) => {
      write(bytes);
      if (sink.received.length === 1) sink.stalled = true;
      return !sink.stalled;
    };
    const { control } = await connect(`${LOBBY}@now`, {}, sink);
    expect(sink.received).toHaveLength(1);
    log.lose();
    await hub.publish(lobby, "price", { symbol: "c", value: 2 });
    await clock.settle();
    sink.write = write;
    sink.stalled = false;
    control.drained();
    await clock.settle();
    expect(sink.received).toHaveLength(1);
    expect(sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
    const back = await connect(`${LOBBY}@now`);
    expect(back.sink.received).toHaveLength(1);
    expect(back.sink.received[0]).toContain('"symbol":"c"');
  });

  test("events that a failover takes while a stream begins are reported before any newer value", async () => {
    const { hub, clock, log, connect, say } = await openTestHub();
    const [seen = ""] = await say("a");
    const current = log.current.bind(log);
    vi.spyOn(log, "current").mockImplementationOnce(async (...question) => {
      log.lose();
      await hub.publish(lobby, "price", { symbol: "c", value: 2 });
      return current(...question);
    });
    const first = await connect(`${LOBBY}@${seen}`);
    expect(first.sink.received).toEqual([]);
    expect(first.sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
    await clock.settle();
    const back = await connect(`${LOBBY}@${seen}`);
    expect(back.sink.events.map(({ event }) => event)).toEqual(["hello", "gap", "rooms/lobby:price", "heartbeat"]);
  });

  test("pages whose values were lost in a failover end with a gap", async () => {
    const { hub, log, page } = await openTestHub({ limits: { pageEvents: 1 } });
    for (const symbol of ["a", "b"]) await hub.publish(lobby, "price", { symbol, value: 1 });
    const current = log.current.bind(log);
    vi.spyOn(log, "current").mockImplementationOnce(async (...question) => {
      const values = await current(...question);
      log.lose();
      await hub.publish(lobby, "price", { symbol: "c", value: 2 });
      return values;
    });
    const { json } = await page(`${LOBBY}@now`);
    expect(json).toMatchObject({ events: [{ data: { symbol: "a", value: 1 } }], more: true });
    const next = await page(`${LOBBY}&after=${json.cursor}`);
    expect(next.json).toMatchObject({ events: [], more: false, gap: { channels: { [lobby.path]: "reset" } } });
    const anew = await page(`${LOBBY}@${next.json.cursor}`);
    expect(anew.json.events.map(({ data }) => data)).toEqual([{ symbol: "c", value: 2 }]);
  });

  test("typing hints have no id, and are not delivered after five seconds", async () => {
    const { hub, clock, connect, say } = await openTestHub();
    const [start = ""] = await say("a");
    await hub.publish(lobby, "typing", { author: "ada" });
    await clock.settle();
    const { sink } = await connect(`${LOBBY}&after=${start}`);
    expect(sink.events.at(-1)).toMatchObject({ event: "rooms/lobby:typing", id: null });
    await clock.advance(5_000);
    const late = await connect(`${LOBBY}&after=${start}`);
    expect(late.sink.received).toEqual([]);
  });
});

import { describe, expect, test, vi } from "vitest";
import { BufferSink } from "../test/buffer-sink.ts";
import { lobby, openHouse } from "../test/house.ts";

const LOBBY = "channel=rooms/lobby";

describe("modes", () => {
  test("superseded values are skipped on the way, withdrawn ones are cleared", async () => {
    const { hub, clock, connect, say } = await openHouse();
    const [start = ""] = await say("a");
    for (const value of [1, 2, 3]) await hub.publish(lobby, "price", { symbol: "x", value });
    await hub.publish(lobby, "price", { symbol: "y", value: 9 });
    await hub.clear(lobby, "price", "y");
    await clock.settle();
    const { sink } = await connect(`${LOBBY}&after=${start}`);
    expect(sink.told).toEqual(['rooms/lobby:price {"symbol":"x","value":3}']);
    expect(sink.of("clear").map(({ data }) => data)).toEqual([{ channel: "rooms/lobby", type: "price", key: "y" }]);
  });

  test("a channel that is new to the client gets its current values first, without ids, and then the position", async () => {
    const { hub, connect, say } = await openHouse();
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
    const { hub, connect } = await openHouse({ limits: { pageEvents: 2 } });
    for (let value = 0; value < 7; value++) await hub.publish(lobby, "price", { symbol: String(value), value });
    const { sink } = await connect(`${LOBBY}@now`);
    expect(sink.told).toHaveLength(7);
    expect(sink.of("heartbeat")).toHaveLength(1);
  });

  test("a log that is lost between two pages of current values ends the stream, and who comes back has those of now", async () => {
    const { hub, clock, log, connect } = await openHouse({ limits: { pageEvents: 1 } });
    for (const symbol of ["a", "b"]) await hub.publish(lobby, "price", { symbol, value: 1 });
    const sink = new BufferSink();
    const write = sink.write.bind(sink);
    sink.write = (bytes) => {
      write(bytes);
      if (sink.told.length === 1) sink.stalled = true;
      return !sink.stalled;
    };
    const { control } = await connect(`${LOBBY}@now`, {}, sink);
    expect(sink.told).toHaveLength(1);
    log.lose();
    await hub.publish(lobby, "price", { symbol: "c", value: 2 });
    await clock.settle();
    sink.write = write;
    sink.stalled = false;
    control.drained();
    await clock.settle();
    expect(sink.told).toHaveLength(1);
    expect(sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
    const back = await connect(`${LOBBY}@now`);
    expect(back.sink.told).toHaveLength(1);
    expect(back.sink.told[0]).toContain('"symbol":"c"');
  });

  test("what a failover takes while a stream begins is told before any value that is newer", async () => {
    const { hub, clock, log, connect, say } = await openHouse();
    const [seen = ""] = await say("a");
    const current = log.current.bind(log);
    vi.spyOn(log, "current").mockImplementationOnce(async (...question) => {
      log.lose();
      await hub.publish(lobby, "price", { symbol: "c", value: 2 });
      return current(...question);
    });
    const first = await connect(`${LOBBY}@${seen}`);
    expect(first.sink.told).toEqual([]);
    expect(first.sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
    await clock.settle();
    const back = await connect(`${LOBBY}@${seen}`);
    expect(back.sink.events.map(({ event }) => event)).toEqual(["hello", "gap", "rooms/lobby:price", "heartbeat"]);
  });

  test("the same on a page: it has no value that is lost with the log", async () => {
    const { hub, log, page } = await openHouse({ limits: { pageEvents: 1 } });
    for (const symbol of ["a", "b"]) await hub.publish(lobby, "price", { symbol, value: 1 });
    const current = log.current.bind(log);
    vi.spyOn(log, "current").mockImplementationOnce(async (...question) => {
      const values = await current(...question);
      log.lose();
      await hub.publish(lobby, "price", { symbol: "c", value: 2 });
      return values;
    });
    const { json } = await page(`${LOBBY}@now`);
    expect(json.events.map((event) => "data" in event && event.data)).toEqual([{ symbol: "c", value: 2 }]);
  });

  test("typing hints have no id, and are not told after five seconds", async () => {
    const { hub, clock, connect, say } = await openHouse();
    const [start = ""] = await say("a");
    await hub.publish(lobby, "typing", { author: "ada" });
    await clock.settle();
    const { sink } = await connect(`${LOBBY}&after=${start}`);
    expect(sink.events.at(-1)).toMatchObject({ event: "rooms/lobby:typing", id: null });
    await clock.advance(5_000);
    const late = await connect(`${LOBBY}&after=${start}`);
    expect(late.sink.told).toEqual([]);
  });
});

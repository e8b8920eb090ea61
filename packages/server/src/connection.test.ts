import { describe, expect, test } from "vitest";
import type { BufferSink } from "../test/buffer-sink.ts";
import { lobby, openHouse, said, tea } from "../test/house.ts";

const LOBBY = "channel=rooms/lobby";

describe("law 1: a connection is a cursor", () => {
  test("it is told what comes after its position, in order, and once", async () => {
    const { connect, say } = await openHouse();
    const [first = ""] = await say("a", "b");
    const { sink } = await connect(`${LOBBY}&after=${first}`);
    await say("c", "d");
    expect(sink.told).toEqual([said("b"), said("c"), said("d")]);
  });

  test("it hears nothing of channels that it has not asked for", async () => {
    const { hub, clock, connect, say } = await openHouse();
    const { sink } = await connect(LOBBY);
    await hub.publish(tea, "message", { text: "elsewhere" });
    await clock.settle();
    await say("here");
    expect(sink.told).toEqual([said("here")]);
  });

  test("a channel with a start of its own is told nothing before it, the others everything after the cursor", async () => {
    const { hub, clock, connect, say } = await openHouse();
    const [start = ""] = await say("a");
    const { id } = await hub.publish(tea, "message", { text: "x" });
    await hub.publish(tea, "message", { text: "y" });
    await say("b");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea@${id}&after=${start}`);
    await clock.settle();
    expect(sink.told).toEqual(['rooms/tea:message {"text":"y"}', said("b")]);
  });

  test("without a start of its own, a channel starts at the earliest start of another", async () => {
    const { hub, connect, say } = await openHouse();
    const { id } = await hub.publish(tea, "message", { text: "x" });
    await hub.publish(tea, "message", { text: "y" });
    await say("a");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea@${id}`);
    expect(sink.of("hello")).toEqual([expect.objectContaining({ id: null })]);
    expect(sink.told).toEqual(['rooms/tea:message {"text":"y"}', said("a")]);
  });

  test("last=n names the position before the n-th newest event of all channels together", async () => {
    const { hub, connect, say } = await openHouse();
    await say("a");
    await hub.publish(tea, "message", { text: "x" });
    await say("b");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea&last=2`);
    expect(sink.told).toEqual(['rooms/tea:message {"text":"x"}', said("b")]);
  });

  test("a position that the tailer has not reached waits for it, and nothing is told twice", async () => {
    const { hub, clock, log, connect } = await openHouse();
    log.muted = true;
    const { id } = await hub.publish(lobby, "message", { text: "a" });
    const { sink } = await connect(`${LOBBY}&after=${id}`);
    expect(sink.told).toEqual([]);
    const reads = log.ownReads;
    await clock.advance(1_000);
    expect(log.ownReads).toBe(reads);
    await hub.publish(lobby, "message", { text: "b" });
    await clock.advance(1_000);
    expect(sink.told).toEqual([said("b")]);
  });
});

describe("law 2: the read decides", () => {
  test("a position that the ring has dropped is served from the log, without a gap", async () => {
    const { connect, say } = await openHouse({ limits: { ringEntries: 2 } });
    const [first = ""] = await say("a", "b", "c", "d", "e");
    const { sink } = await connect(`${LOBBY}&after=${first}`);
    expect(sink.told).toEqual(["b", "c", "d", "e"].map(said));
    expect(sink.of("gap")).toEqual([]);
  });

  test("an idle connection loses nothing when more is published in one go than the ring holds", async () => {
    const { connect, say } = await openHouse({ limits: { ringEntries: 2 } });
    const { sink } = await connect(LOBBY);
    await say("a", "b", "c", "d", "e");
    expect(sink.told).toEqual(["a", "b", "c", "d", "e"].map(said));
  });

  test("a connection that was idle while the ring moved on without it is where the ring is", async () => {
    const { hub, clock, log, connect, say } = await openHouse({ limits: { ringEntries: 2 } });
    const { sink } = await connect(LOBBY);
    for (let index = 0; index < 10; index++) await hub.publish(tea, "message", { text: String(index) });
    await clock.settle();
    const reads = log.ownReads;
    await say("a");
    expect(sink.told).toEqual([said("a")]);
    expect(log.ownReads).toBe(reads);
  });

  test("when the log has lost everything, every channel has a gap with the new position, and the stream ends", async () => {
    const { hub, clock, log, connect } = await openHouse();
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea`);
    log.lose();
    await hub.publish(lobby, "message", { text: "new" });
    await clock.settle();
    const [gap] = sink.of("gap");
    expect(gap?.data).toEqual({ channels: { "rooms/lobby": "reset", "rooms/tea": "reset" } });
    expect(gap?.id).toBe(hub.stats().ring.head);
    expect(sink.told).toEqual([]);
    expect(sink.ended).toBe(true);
    expect(hub.stats().connections).toBe(0);
  });

  test.each(["nonsense", "zzz.4", "", "%0d%0aevent:x"])(
    "the start %j is answered with a stream, a gap and its end",
    async (token) => {
      const { connect } = await openHouse();
      const { sink, response } = await connect(`${LOBBY}&after=${token}`);
      expect(response.status).toBe(200);
      expect(sink.of("hello")).toEqual([expect.objectContaining({ id: null })]);
      expect(sink.of("gap")).toHaveLength(1);
      expect(sink.ended).toBe(true);
    },
  );

  test("when only the start of one channel is bad, the gap names it without an id, and the stream goes on", async () => {
    const { connect, say } = await openHouse();
    const [first = ""] = await say("a", "b");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea@zzz.4&after=${first}`);
    expect(sink.of("gap")).toEqual([{ data: { channels: { "rooms/tea": "reset" } }, id: null }]);
    expect(sink.told).toEqual([said("b")]);
    expect(sink.ended).toBe(false);
  });
});

describe("law 7: gaps", () => {
  test("when the start of one channel is of a log that the tailer still believes in, the gap names it, too", async () => {
    const { connect, say, log, hub } = await openHouse();
    const [, , old] = await say("a", "b", "c");
    log.muted = true;
    log.lose();
    const [position] = await say("d");
    await log.append([{ channel: lobby.path, type: "message", mode: "reliable", data: '{"text":"e"}' }]);
    expect(hub.stats().ring.head).toBe(old);
    const { sink } = await connect(`channel=rooms/tea&channel=rooms/lobby@${old}&after=${position}`);
    expect(sink.of("gap")).toEqual([{ data: { channels: { "rooms/lobby": "reset" } }, id: null }]);
    log.muted = false;
    await say("f");
    expect(sink.told).toEqual([said("f")]);
  });

  test("a gap names exactly the channels with a hole, before anything newer of them, and the others lose nothing", async () => {
    const { hub, connect, say } = await openHouse({ keep: { entries: 2 }, limits: { ringEntries: 1 } });
    const { id } = await hub.publish(tea, "message", { text: "start" });
    await hub.publish(tea, "message", { text: "x" });
    await say("a", "b", "c", "d");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea&after=${id}`);
    expect(sink.events.map(({ event }) => event)).toEqual([
      "hello",
      "gap",
      "rooms/tea:message",
      "rooms/lobby:message",
      "rooms/lobby:message",
    ]);
    expect(sink.of("gap")).toEqual([{ data: { channels: { "rooms/lobby": "trimmed" } }, id: null }]);
    expect(sink.told.slice(1)).toEqual([said("c"), said("d")]);
  });

  test("one hole is told once, though the pages after it begin inside it", async () => {
    const { hub, clock, connect, say } = await openHouse({
      keep: { entries: 2 },
      limits: { ringEntries: 1, pageEvents: 1 },
    });
    const { id } = await hub.publish(tea, "message", { text: "start" });
    for (const text of ["1", "2"]) await hub.publish(tea, "message", { text });
    await say("a", "b", "c", "d");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea&after=${id}`);
    await clock.settle();
    expect(sink.of("gap")).toHaveLength(1);
    expect(sink.told).toHaveLength(4);
  });

  test("what was lost before a channel's own start is no hole", async () => {
    const { hub, connect, say } = await openHouse({ keep: { entries: 2 }, limits: { ringEntries: 1 } });
    const { id } = await hub.publish(tea, "message", { text: "start" });
    const ids = await say("a", "b", "c", "d");
    const { sink } = await connect(`${LOBBY}@${ids[1]}&channel=rooms/tea&after=${id}`);
    expect(sink.of("gap")).toEqual([]);
    expect(sink.told).toEqual([said("c"), said("d")]);
  });

  test("the newest values inside a hole are still told", async () => {
    const { hub, connect, say } = await openHouse({ keep: { entries: 1 }, limits: { ringEntries: 1 } });
    const { id } = await hub.publish(tea, "message", { text: "start" });
    await say("a");
    await hub.publish(lobby, "topic", { text: "tea" });
    await say("b", "c");
    const { sink } = await connect(`${LOBBY}&after=${id}`);
    expect(sink.events.slice(1).map(({ event }) => event)).toEqual(["gap", "rooms/lobby:topic", "rooms/lobby:message"]);
  });

  test("two channels that were quiet for long have no gap (law 9)", async () => {
    const { hub, clock, connect, say } = await openHouse({ keep: { entries: 1 }, limits: { ringEntries: 1 } });
    const { sink } = await connect(LOBBY);
    for (let index = 0; index < 20; index++) await hub.publish(tea, "message", { text: String(index) });
    await clock.advance(20_000);
    const id = sink.of("heartbeat").at(-1)?.id;
    await say("a");
    const again = await connect(`${LOBBY}&after=${id}`);
    expect(again.sink.of("gap")).toEqual([]);
    expect(again.sink.told).toEqual([said("a")]);
  });
});

describe("the hello", () => {
  test("has the position of a stream that starts now", async () => {
    const { hub, connect, say } = await openHouse();
    await say("a");
    const { sink } = await connect(LOBBY);
    expect(sink.text).toBe(
      `retry: 2000\nevent: hello\ndata: {"protocol":1,"heartbeat":15000,"contract":${JSON.stringify(fingerprintOf(sink))}}\nid: ${hub.stats().ring.head}\n\n`,
    );
  });

  test("has no id while the log has not confirmed the position; a heartbeat with it follows", async () => {
    const { clock, connect, say, log } = await openHouse({ limits: { ringEntries: 1 } });
    const [first = ""] = await say("a");
    await say("b", "c", "d");
    log.calls["read"] = 0;
    const { sink } = await connect(`channel=rooms/tea&after=${first}`);
    await clock.settle();
    expect(sink.events.map(({ event, id }) => [event, id])).toEqual([
      ["hello", null],
      ["heartbeat", expect.stringContaining(".")],
    ]);
  });

  test("Last-Event-ID counts more than everything that the address says", async () => {
    const { connect, say } = await openHouse();
    const [first = "", second = ""] = await say("a", "b");
    await say("c");
    const { sink } = await connect(`${LOBBY}@now&after=${first}&last=3`, { headers: { "last-event-id": second } });
    expect(sink.of("hello")).toEqual([expect.objectContaining({ id: second })]);
    expect(sink.told).toEqual([said("c")]);
  });
});

function fingerprintOf(sink: BufferSink): unknown {
  // What the hello says; its value is tested where it is made.
  const [hello] = sink.of("hello") as readonly { readonly data: { readonly contract: string } }[];
  return hello?.data.contract;
}

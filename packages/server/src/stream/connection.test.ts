import { describe, expect, test } from "vitest";
import type { BufferSink } from "../../test/buffer-sink.ts";
import { lobby, openTestHub, said, tea } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";

describe("law 1: a connection is a cursor", () => {
  test("it gets what comes after its position, in order, and once", async () => {
    const { connect, say } = await openTestHub();
    const [first = ""] = await say("a", "b");
    const { sink } = await connect(`${LOBBY}&after=${first}`);
    await say("c", "d");
    expect(sink.received).toEqual([said("b"), said("c"), said("d")]);
  });

  test("it gets nothing of channels that it does not follow", async () => {
    const { hub, clock, connect, say } = await openTestHub();
    const { sink } = await connect(LOBBY);
    await hub.publish(tea, "message", { text: "elsewhere" });
    await clock.settle();
    await say("here");
    expect(sink.received).toEqual([said("here")]);
  });

  test("a channel with a start of its own begins there, and the others begin at the cursor", async () => {
    const { hub, clock, connect, say } = await openTestHub();
    const [start = ""] = await say("a");
    const { id } = await hub.publish(tea, "message", { text: "x" });
    await hub.publish(tea, "message", { text: "y" });
    await say("b");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea@${id}&after=${start}`);
    await clock.settle();
    expect(sink.received).toEqual(['rooms/tea:message {"text":"y"}', said("b")]);
  });

  test("without a start of its own, a channel starts at the earliest start of another", async () => {
    const { hub, connect, say } = await openTestHub();
    const { id } = await hub.publish(tea, "message", { text: "x" });
    await hub.publish(tea, "message", { text: "y" });
    await say("a");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea@${id}`);
    expect(sink.of("hello")).toEqual([expect.objectContaining({ id: null })]);
    expect(sink.received).toEqual(['rooms/tea:message {"text":"y"}', said("a")]);
  });

  test("last=n names the position before the n-th newest event of all channels together", async () => {
    const { hub, connect, say } = await openTestHub();
    await say("a");
    await hub.publish(tea, "message", { text: "x" });
    await say("b");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea&last=2`);
    expect(sink.received).toEqual(['rooms/tea:message {"text":"x"}', said("b")]);
  });

  test("a connection ahead of the tailer waits for it, and gets nothing twice", async () => {
    const { hub, clock, log, connect } = await openTestHub();
    log.muted = true;
    const { id } = await hub.publish(lobby, "message", { text: "a" });
    const { sink } = await connect(`${LOBBY}&after=${id}`);
    expect(sink.received).toEqual([]);
    const reads = log.ownReads;
    await clock.advance(1_000);
    expect(log.ownReads).toBe(reads);
    await hub.publish(lobby, "message", { text: "b" });
    await clock.advance(1_000);
    expect(sink.received).toEqual([said("b")]);
  });
});

describe("law 2: the read decides", () => {
  test("a position that the ring has dropped is served from the log, without a gap", async () => {
    const { connect, say } = await openTestHub({ limits: { ringEntries: 2 } });
    const [first = ""] = await say("a", "b", "c", "d", "e");
    const { sink } = await connect(`${LOBBY}&after=${first}`);
    expect(sink.received).toEqual(["b", "c", "d", "e"].map(said));
    expect(sink.of("gap")).toEqual([]);
  });

  test("an idle connection loses nothing when more is published in one go than the ring holds", async () => {
    const { connect, say } = await openTestHub({ limits: { ringEntries: 2 } });
    const { sink } = await connect(LOBBY);
    await say("a", "b", "c", "d", "e");
    expect(sink.received).toEqual(["a", "b", "c", "d", "e"].map(said));
  });

  test("a connection that was idle while the ring moved has the ring's position", async () => {
    const { hub, clock, log, connect, say } = await openTestHub({ limits: { ringEntries: 2 } });
    const { sink } = await connect(LOBBY);
    for (let index = 0; index < 10; index++) await hub.publish(tea, "message", { text: String(index) });
    await clock.settle();
    const reads = log.ownReads;
    await say("a");
    expect(sink.received).toEqual([said("a")]);
    expect(log.ownReads).toBe(reads);
  });

  test("when the log has lost everything, every channel has a gap with the new head; the stream ends", async () => {
    const { hub, clock, log, connect } = await openTestHub();
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea`);
    log.lose();
    await hub.publish(lobby, "message", { text: "new" });
    await clock.settle();
    const [gap] = sink.of("gap");
    expect(gap?.data).toEqual({ channels: { "rooms/lobby": "reset", "rooms/tea": "reset" } });
    expect(gap?.id).toBe(hub.stats().ring.head);
    expect(sink.received).toEqual([]);
    expect(sink.ended).toBe(true);
    expect(hub.stats().connections).toBe(0);
  });

  test.each(["nonsense", "zzz.4", "%0d%0aevent:x"])(
    "the start %j is answered with a stream, a gap and its end",
    async (token) => {
      const { connect } = await openTestHub();
      const { sink, response } = await connect(`${LOBBY}&after=${token}`);
      expect(response.status).toBe(200);
      expect(sink.of("hello")).toEqual([expect.objectContaining({ id: null })]);
      expect(sink.of("gap")).toHaveLength(1);
      expect(sink.ended).toBe(true);
    },
  );

  test("when only the start of one channel is bad, the gap names that channel, and the stream goes on", async () => {
    const { connect, say } = await openTestHub();
    const [first = ""] = await say("a", "b");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea@zzz.4&after=${first}`);
    expect(sink.of("gap")).toEqual([{ data: { channels: { "rooms/tea": "reset" } }, id: null }]);
    expect(sink.received).toEqual([said("b")]);
    expect(sink.ended).toBe(false);
  });
});

describe("law 7: gaps", () => {
  test("the gap also names a channel whose start is of an epoch that the tailer has not left yet", async () => {
    const { connect, say, log, hub } = await openTestHub();
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
    expect(sink.received).toEqual([said("f")]);
  });

  test("a gap names exactly the channels with a hole, before anything newer of them", async () => {
    const { hub, connect, say } = await openTestHub({ keep: { entries: 2 }, limits: { ringEntries: 1 } });
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
    expect(sink.received.slice(1)).toEqual([said("c"), said("d")]);
  });

  test("one hole is reported once, even if later pages begin inside it", async () => {
    const { hub, clock, connect, say } = await openTestHub({
      keep: { entries: 2 },
      limits: { ringEntries: 1, pageEvents: 1 },
    });
    const { id } = await hub.publish(tea, "message", { text: "start" });
    for (const text of ["1", "2"]) await hub.publish(tea, "message", { text });
    await say("a", "b", "c", "d");
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea&after=${id}`);
    await clock.settle();
    expect(sink.of("gap")).toHaveLength(1);
    expect(sink.received).toHaveLength(4);
  });

  test("events that were lost before a channel's own start are not a hole", async () => {
    const { hub, connect, say } = await openTestHub({ keep: { entries: 2 }, limits: { ringEntries: 1 } });
    const { id } = await hub.publish(tea, "message", { text: "start" });
    const ids = await say("a", "b", "c", "d");
    const { sink } = await connect(`${LOBBY}@${ids[1]}&channel=rooms/tea&after=${id}`);
    expect(sink.of("gap")).toEqual([]);
    expect(sink.received).toEqual([said("c"), said("d")]);
  });

  test("the newest values inside a hole are still delivered", async () => {
    const { hub, connect, say } = await openTestHub({ keep: { entries: 1 }, limits: { ringEntries: 1 } });
    const { id } = await hub.publish(tea, "message", { text: "start" });
    await say("a");
    await hub.publish(lobby, "topic", { text: "tea" });
    await say("b", "c");
    const { sink } = await connect(`${LOBBY}&after=${id}`);
    expect(sink.events.slice(1).map(({ event }) => event)).toEqual(["gap", "rooms/lobby:topic", "rooms/lobby:message"]);
  });

  test("two channels that were quiet for long have no gap (law 9)", async () => {
    const { hub, clock, connect, say } = await openTestHub({ keep: { entries: 1 }, limits: { ringEntries: 1 } });
    const { sink } = await connect(LOBBY);
    for (let index = 0; index < 20; index++) await hub.publish(tea, "message", { text: String(index) });
    await clock.advance(20_000);
    const id = sink.of("heartbeat").at(-1)?.id;
    await say("a");
    const again = await connect(`${LOBBY}&after=${id}`);
    expect(again.sink.of("gap")).toEqual([]);
    expect(again.sink.received).toEqual([said("a")]);
  });
});

describe("the hello", () => {
  test("has the position of a stream that starts now", async () => {
    const { hub, connect, say } = await openTestHub();
    await say("a");
    const { sink } = await connect(LOBBY);
    expect(sink.text).toBe(
      [
        "retry: 2000",
        "event: hello",
        `data: {"protocol":1,"heartbeat":15000,"contract":${JSON.stringify(fingerprintOf(sink))}}`,
        `id: ${hub.stats().ring.head}`,
        "\n",
      ].join("\n"),
    );
  });

  test("has no id while the log has not confirmed the position; a heartbeat with it follows", async () => {
    const { clock, connect, say, log } = await openTestHub({ limits: { ringEntries: 1 } });
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

  test("Last-Event-ID overrides everything that the URL says", async () => {
    const { connect, say } = await openTestHub();
    const [first = "", second = ""] = await say("a", "b");
    await say("c");
    const { sink } = await connect(`${LOBBY}@now&after=${first}&last=3`, { headers: { "last-event-id": second } });
    expect(sink.of("hello")).toEqual([expect.objectContaining({ id: second })]);
    expect(sink.received).toEqual([said("c")]);
  });
});

function fingerprintOf(sink: BufferSink): unknown {
  // The fingerprint in the hello. The contract's own tests check its value.
  const [hello] = sink.of("hello") as readonly { readonly data: { readonly contract: string } }[];
  return hello?.data.contract;
}

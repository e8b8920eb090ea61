import { describe, expect, test, vi } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { lobby, openTestHub, request, said, tea } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";
import { Pump } from "./pump.ts";

const LOBBY = "channel=rooms/lobby";

describe("law 9: heartbeats", () => {
  test("an idle stream has one at every interval, with the position up to which it has everything", async () => {
    const { hub, clock, connect } = await openTestHub();
    const { sink } = await connect(LOBBY);
    await hub.publish(tea, "message", { text: "elsewhere" });
    await clock.advance(60_000);
    expect(sink.of("heartbeat").map(({ id }) => id)).toEqual(Array.from({ length: 4 }, () => hub.stats().ring.head));
  });

  test("a busy stream has one behind a hole, too: nothing else ends a gap in a channel with values only", async () => {
    const { hub, clock, connect } = await openTestHub({
      log: new WatchedLog({ keep: { entries: 0, age: 0 }, burst: 0 }),
    });
    await hub.publish(lobby, "topic", { text: "tea" });
    const { id } = await hub.publish(tea, "topic", { text: "tea" });
    await hub.clear(lobby, "topic");
    await clock.advance(6_000);
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea&after=${id}`);
    expect(sink.of("gap")).toHaveLength(1);
    for (let second = 0; second < 10; second++) {
      await hub.publish(tea, "topic", { text: `${second}` });
      await clock.advance(1_000);
    }
    expect(sink.of("heartbeat").filter(({ id: position }) => position !== undefined)).toHaveLength(1);
  });

  test("one timer serves all, and connections that are idle share the bytes", async () => {
    const { clock, connect } = await openTestHub();
    const before = clock.pending;
    const streams = await Promise.all(Array.from({ length: 50 }, () => connect(LOBBY)));
    expect(clock.pending).toBe(before);
    await clock.advance(15_000);
    expect(new Set(streams.map(({ sink }) => sink.writes.at(-1))).size).toBe(1);
  });

  test("a stream gets a longer retry once the number of streams has grown; not all at the same time", async () => {
    const { hub, clock, connect, say } = await openTestHub({ random: () => 0.999 });
    const few = await connect(LOBBY);
    const [position] = await say("a");
    const stalled = await connect(LOBBY, {}, Object.assign(new BufferSink(), { stalled: true }));
    expect(few.sink.retries).toEqual([2_998]);
    const join = async (count: number) => {
      for (let number = 0; number < count; number++) {
        const response = await hub.handle(request(LOBBY));
        if ("open" in response) response.open({ write: () => true, end: () => {} });
      }
      await clock.advance(1_000);
    };
    await join(7_500);
    expect(few.sink.retries).toEqual([2_998]);
    await join(1_000);
    expect(few.sink.retries).toEqual([2_998, expect.closeTo(5_122, -1)]);
    expect(few.sink.of("heartbeat")).toEqual([{ data: {}, id: position }]);
    await clock.advance(5_000);
    expect(few.sink.retries).toHaveLength(2);
    // A full socket gets nothing more.
    expect(stalled.sink.retries).toHaveLength(1);
  });

  test("events with an id put it off, typing hints do not", async () => {
    const { hub, clock, connect, say } = await openTestHub();
    const { sink } = await connect(LOBBY);
    await clock.advance(14_000);
    await say("a");
    await clock.advance(14_000);
    expect(sink.of("heartbeat")).toHaveLength(0);
    await hub.publish(lobby, "typing", { author: "ada" });
    await clock.advance(1_000);
    expect(sink.of("heartbeat")).toHaveLength(1);
  });

  test("the heartbeat of a reader that lags has its own position, not the head", async () => {
    const { clock, connect, say, log } = await openTestHub({ limits: { ringEntries: 1 } });
    const [first = ""] = await say("a");
    await say("b", "c");
    const { sink } = await connect(`${LOBBY}&after=${first}`);
    const lastEventId = sink.events.at(-1)?.id;
    log.fails = true;
    await clock.advance(16_000);
    expect(sink.of("heartbeat").at(-1)?.id).toBe(lastEventId);
  });

  test("a reader that was ahead of the tailer is like the others as soon as the tailer has passed it", async () => {
    const { hub, clock, log, connect } = await openTestHub();
    log.muted = true;
    // An event of another channel wakes no follower of the lobby when it comes into the ring.
    const { id } = await hub.publish(tea, "message", { text: "elsewhere" });
    const { sink } = await connect(`${LOBBY}&after=${id}`);
    log.muted = false;
    await hub.publish(tea, "message", { text: "elsewhere" });
    await clock.advance(15_000);
    expect(sink.of("heartbeat").at(-1)?.id).toBe(hub.stats().ring.head);
    const pump = vi.spyOn(Pump.prototype, "pump");
    await hub.publish(tea, "message", { text: "elsewhere" });
    await clock.settle();
    expect(pump).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  test("events that come from the log put it off as well", async () => {
    const { clock, connect, say } = await openTestHub({ limits: { ringEntries: 1 } });
    const { sink, control } = await connect(LOBBY);
    sink.stalled = true;
    await say("a");
    await say("b", "c");
    await clock.advance(20_000);
    sink.stalled = false;
    control.drained();
    await clock.advance(14_000);
    expect(sink.received).toHaveLength(3);
    expect(sink.of("heartbeat")).toEqual([]);
  });

  test("while the log does not answer, a stream has heartbeats without a position", async () => {
    const { clock, connect, say, log } = await openTestHub({ limits: { ringEntries: 1 } });
    const [first = ""] = await say("a", "b", "c");
    const sink = new BufferSink();
    const write = sink.write.bind(sink);
    // The log fails as soon as the stream is open.
    sink.write = (bytes) => {
      log.fails = true;
      return write(bytes);
    };
    await connect(`${LOBBY}&after=${first}`, {}, sink);
    await clock.advance(16_000);
    expect(sink.of("heartbeat")).toEqual([{ data: {}, id: null }]);
    log.fails = false;
    await clock.advance(1_000);
    expect(sink.received).toEqual([said("b"), said("c")]);
  });

  test("a clock that is set by hours changes nothing for a stream", async () => {
    const { clock, connect } = await openTestHub({ limits: { maxAge: 3_600_000 } });
    const { sink } = await connect(LOBBY);
    for (const jump of [-3_600_000, 7_200_000]) {
      const before = sink.of("heartbeat").length;
      clock.jump(jump);
      await clock.advance(60_000);
      expect([sink.ended, sink.of("heartbeat").length - before]).toEqual([false, 4]);
    }
  });
});

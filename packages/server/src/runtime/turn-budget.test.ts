import { describe, expect, test, vi } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { lobby, openTestHub, request, said } from "../../test/test-hub.ts";
import { SteppedClock } from "../../test/stepped-clock.ts";
import { Pump } from "../stream/pump.ts";
import { createReadQueue } from "./read-queue.ts";

const LOBBY = "channel=rooms/lobby";

/** A sink that takes a millisecond for each write. */
function slowSink(clock: SteppedClock): BufferSink {
  const sink = new BufferSink();
  const write = sink.write.bind(sink);
  sink.write = (bytes) => {
    clock.jump(1);
    return write(bytes);
  };
  return sink;
}

async function openStreams(count: number) {
  const testHub = await openTestHub();
  const sinks = Array.from({ length: count }, () => slowSink(testHub.clock));
  for (const sink of sinks) await testHub.connect(LOBBY, {}, sink);
  const served = () => sinks.filter((sink) => sink.received.length > 0).length;
  return { ...testHub, sinks, served };
}

describe("a turn of the event loop", () => {
  test("serves as many streams as there is time for; the next turns serve the others, in order, once", async () => {
    const { hub, clock, sinks, served } = await openStreams(32);
    await hub.publish(lobby, "message", { text: "a" });
    const perTurn: number[] = [];
    while (served() < sinks.length) {
      const before = served();
      await clock.turn();
      perTurn.push(served() - before);
    }
    expect(perTurn.filter((count) => count > 0)).toEqual([5, 5, 5, 5, 5, 5, 2]);
    expect(sinks.every((sink) => sink.received.join() === said("a"))).toBe(true);
    await clock.settle();
    expect(sinks.flatMap((sink) => sink.received)).toHaveLength(32);
  });

  test("begins as many requests as there is time for; the next turns begin the others, in order", async () => {
    const begun: string[] = [];
    const { hub, clock } = await openTestHub({
      authenticate: ({ headers }) => {
        clock.jump(1);
        begun.push(headers.get("authorization") ?? "");
        return { id: "" };
      },
    });
    const names = Array.from({ length: 32 }, (_, number) => `${number}`);
    const answers = names.map((authorization) => hub.handle(request(LOBBY, { headers: { authorization } })));
    const perTurn: number[] = [];
    while (begun.length < names.length) {
      const before = begun.length;
      await clock.turn();
      perTurn.push(begun.length - before);
    }
    // A request that was released before the time was over still goes on.
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(8);
    expect(begun).toEqual(names);
    await clock.settle();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  });

  test("a reader with very much to catch up leaves time for the others", async () => {
    const { hub, clock, say } = await openTestHub();
    const text = "x".repeat(60_000);
    const [first = ""] = await say("before");
    await say(...Array.from({ length: 100 }, () => text));
    const late = slowSink(clock);
    const answer = await hub.handle(request(`${LOBBY}&after=${first}`));
    if (!("open" in answer)) throw new Error("Expected a stream.");
    answer.open(late);
    expect(late.received.length).toBeLessThanOrEqual(5);
    let turns = 0;
    for (; late.received.length < 100; turns++) await clock.turn();
    expect(turns).toBeGreaterThanOrEqual(19);
    expect(late.received).toEqual(Array.from({ length: 100 }, () => said(text)));
  });

  test("does not pump a stream whose socket is full, also if a heartbeat has filled it", async () => {
    const { clock, connect, say } = await openTestHub();
    const onEvent = await connect(LOBBY);
    const onHeartbeat = await connect(LOBBY);
    onHeartbeat.sink.stalled = true;
    await clock.advance(15_000);
    onEvent.sink.stalled = true;
    await say("a");
    const pump = vi.spyOn(Pump.prototype, "pump");
    await say("b");
    expect(pump).not.toHaveBeenCalled();
    pump.mockRestore();
    for (const { sink, control } of [onEvent, onHeartbeat]) {
      sink.stalled = false;
      control.drained();
      expect(sink.received).toEqual([said("a"), said("b")]);
    }
  });

  test("runs as many reads of a fast log as there is time for, and the others in order", async () => {
    const clock = new SteppedClock();
    const queue = createReadQueue({ concurrency: 16, timeLimit: 10_000, clock });
    const finished: number[] = [];
    const everybody = { paths: ["room"], gone: new AbortController().signal };
    const answers = Array.from({ length: 50 }, (_, number) =>
      queue(async () => {
        clock.jump(3);
        return finished.push(number);
      }, everybody),
    );
    await clock.turn();
    expect(finished).toEqual([0, 1]);
    await clock.turn();
    expect(finished).toHaveLength(4);
    await clock.settle();
    await Promise.all(answers);
    expect(finished).toEqual(Array.from({ length: 50 }, (_, number) => number));
  });

  test("a clock that is set back stops the work for one turn at most", async () => {
    const { clock, say, sinks, served } = await openStreams(3);
    clock.jump(-3_600_000);
    await say("a");
    expect(served()).toBe(sinks.length);
  });
});

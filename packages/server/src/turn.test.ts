import { describe, expect, test, vi } from "vitest";
import { BufferSink } from "../test/buffer-sink.ts";
import { lobby, openHouse, request, said } from "../test/house.ts";
import { VirtualClock } from "../test/virtual-clock.ts";
import { Connection } from "./connection.ts";
import { createGate } from "./gate.ts";

const LOBBY = "channel=rooms/lobby";

/** A sink that takes a millisecond for each write. */
function slowSink(clock: VirtualClock): BufferSink {
  const sink = new BufferSink();
  const write = sink.write.bind(sink);
  sink.write = (bytes) => {
    clock.jump(1);
    return write(bytes);
  };
  return sink;
}

async function openStreams(count: number) {
  const house = await openHouse();
  const sinks = Array.from({ length: count }, () => slowSink(house.clock));
  for (const sink of sinks) await house.connect(LOBBY, {}, sink);
  const told = () => sinks.filter((sink) => sink.told.length > 0).length;
  return { ...house, sinks, told };
}

describe("a turn of the event loop", () => {
  test("of many who are owed an event, as many get it as there is time for; the others in the next ones, in order, once", async () => {
    const { hub, clock, sinks, told } = await openStreams(32);
    await hub.publish(lobby, "message", { text: "a" });
    const perTurn: number[] = [];
    while (told() < sinks.length) {
      const before = told();
      await clock.turn();
      perTurn.push(told() - before);
    }
    expect(perTurn.filter((count) => count > 0)).toEqual([5, 5, 5, 5, 5, 5, 2]);
    expect(sinks.every((sink) => sink.told.join() === said("a"))).toBe(true);
    await clock.settle();
    expect(sinks.flatMap((sink) => sink.told)).toHaveLength(32);
  });

  test("of many who come in the same one, as many are looked at as there is time for; the others in the next ones, in order", async () => {
    const asked: string[] = [];
    const { hub, clock } = await openHouse({
      authenticate: ({ headers }) => {
        clock.jump(1);
        asked.push(headers.get("authorization") ?? "");
        return { id: "" };
      },
    });
    const names = Array.from({ length: 32 }, (_, number) => `${number}`);
    const answers = names.map((authorization) => hub.handle(request(LOBBY, { headers: { authorization } })));
    const perTurn: number[] = [];
    while (asked.length < names.length) {
      const before = asked.length;
      await clock.turn();
      perTurn.push(asked.length - before);
    }
    // Who has been told to go on when the time is over still goes on.
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(8);
    expect(asked).toEqual(names);
    await clock.settle();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  });

  test("who has very much to catch up leaves the others their turns", async () => {
    const { hub, clock, say } = await openHouse();
    const text = "x".repeat(60_000);
    const [first = ""] = await say("before");
    await say(...Array.from({ length: 100 }, () => text));
    const late = slowSink(clock);
    const answer = await hub.handle(request(`${LOBBY}&after=${first}`));
    if (!("open" in answer)) throw new Error("Expected a stream.");
    answer.open(late);
    expect(late.told.length).toBeLessThanOrEqual(5);
    let turns = 0;
    for (; late.told.length < 100; turns++) await clock.turn();
    expect(turns).toBeGreaterThanOrEqual(19);
    expect(late.told).toEqual(Array.from({ length: 100 }, () => said(text)));
  });

  test("is not for who stands still, until the socket takes more; also when it was a heartbeat that it did not take", async () => {
    const { clock, connect, say } = await openHouse();
    const onEvent = await connect(LOBBY);
    const onHeartbeat = await connect(LOBBY);
    onHeartbeat.sink.stalled = true;
    await clock.advance(15_000);
    onEvent.sink.stalled = true;
    await say("a");
    const pump = vi.spyOn(Connection.prototype, "pump");
    await say("b");
    expect(pump).not.toHaveBeenCalled();
    pump.mockRestore();
    for (const { sink, control } of [onEvent, onHeartbeat]) {
      sink.stalled = false;
      control.drained();
      expect(sink.told).toEqual([said("a"), said("b")]);
    }
  });

  test("a log that answers at once is not asked by everybody in the same one, and everybody in turn", async () => {
    const clock = new VirtualClock();
    const gate = createGate(16, 10_000, clock);
    const asked: number[] = [];
    const answers = Array.from({ length: 50 }, (_, number) =>
      gate(async () => {
        clock.jump(3);
        return asked.push(number);
      }),
    );
    await clock.turn();
    expect(asked).toEqual([0, 1]);
    await clock.turn();
    expect(asked).toHaveLength(4);
    await clock.settle();
    await Promise.all(answers);
    expect(asked).toEqual(Array.from({ length: 50 }, (_, number) => number));
  });

  test("a clock that is set back stops nobody for longer than a turn", async () => {
    const { clock, say, sinks, told } = await openStreams(3);
    clock.jump(-3_600_000);
    await say("a");
    expect(told()).toBe(sinks.length);
  });
});

import { expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { createTrace } from "../runtime/trace.ts";
import { toChunk } from "../wire/chunk.ts";
import { StreamWriter } from "./stream-writer.ts";

const position = { epoch: "now", seq: 10 };
const shared = toChunk("event: heartbeat\ndata: {}\nid: now.11\n\n");

/** A writer whose clock and retry window are set by hand. Without a delay of its own, `retry` is the window. */
function openWriter(sink = new BufferSink()) {
  const time = { now: 0, window: 2_000 };
  const stream = { id: 1, isEnded: false, closed: () => void (stream.isEnded = true) };
  const writer = new StreamWriter(
    {
      retryDelays: { window: () => time.window, afterBreak: (window) => window },
      heartbeat: 15_000,
      hello: { protocol: 1, heartbeat: 15_000, contract: "c" },
      clock: { monotonic: () => time.now },
      trace: createTrace({ onLog: () => {} }, { now: () => 0, monotonic: () => 0 }),
    },
    sink,
    stream,
  );
  writer.writeHello(position);
  const heartbeatIds = () => sink.of("heartbeat").map(({ id }) => id);
  return { writer, sink, stream, time, heartbeatIds };
}

test("a heartbeat is due when no id was written for the interval, and is the shared one where there is one", () => {
  const { writer, time, heartbeatIds } = openWriter();
  time.now = 14_999;
  writer.writeDueHeartbeat(position, null);
  expect(heartbeatIds()).toEqual([]);
  time.now = 15_000;
  writer.writeDueHeartbeat(position, null);
  time.now = 29_999;
  writer.writeDueHeartbeat(position, shared);
  expect(heartbeatIds()).toEqual(["now.10"]);
  time.now = 30_000;
  writer.writeDueHeartbeat(position, shared);
  expect(heartbeatIds()).toEqual(["now.10", "now.11"]);
});

test("a heartbeat brings another retry as soon as the window has doubled, before the interval is over", () => {
  const { writer, sink, time, heartbeatIds } = openWriter();
  time.window = 4_000;
  writer.writeDueHeartbeat(position, shared);
  expect(heartbeatIds()).toEqual([]);
  time.window = 4_001;
  writer.writeDueHeartbeat(position, shared);
  writer.writeDueHeartbeat(position, shared);
  expect([sink.retries, heartbeatIds()]).toEqual([[2_000, 4_001], ["now.10"]]);
});

test("a position that the reader must not have yet is not written", () => {
  const { writer, heartbeatIds } = openWriter();
  writer.writeHeartbeat(null);
  expect(heartbeatIds()).toEqual([null]);
});

test("a heartbeat inside of a hole has no position, and after the hole it has one", () => {
  const { writer, heartbeatIds } = openWriter();
  writer.writeGap([
    { channel: "a", reason: "trimmed", to: 11 },
    { channel: "b", reason: "trimmed", to: 5 },
  ]);
  writer.writeHeartbeat(position);
  writer.writeHeartbeat({ ...position, seq: 11 });
  expect(heartbeatIds()).toEqual([null, "now.11"]);
});

test("a sink that throws closes the stream, and gets nothing more", () => {
  const { writer, sink, stream } = openWriter();
  let count = 0;
  sink.write = () => {
    count++;
    throw new Error("The socket is gone.");
  };
  writer.writeHeartbeat(position);
  writer.writeHeartbeat(position);
  expect([stream.isEnded, count]).toEqual([true, 1]);
});

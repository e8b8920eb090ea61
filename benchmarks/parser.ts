/**
 * What the parser costs beside the least that any parser must do, and beside eventsource-parser: ratios in one run.
 *
 *   npx tsx --conditions @tidings/source benchmarks/parser.ts
 */
import { createParser, eventName, formatCursor, formatFrame } from "@tidings/protocol";
import { createParser as createPeer } from "eventsource-parser";

const CHUNK = 16 * 1024;
const EVENT = 200;
const EVENTS = 20_000;
/** Rounds of which the fastest counts; the contestants take turns, so that a busy machine is busy for all of them. */
const ROUNDS = 15;
const BAR = 1.4;

/** Holds what was made last, so that no engine leaves the making out. */
const last: { made: unknown } = { made: null };

/** Takes the chunks of a stream and says how many events were in it. */
type Contestant = (chunks: readonly Uint8Array[]) => number;

/** The least: decode, find the blank lines, cut there. The decoder is told `stream`, as characters may be cut in two. */
const floor: Contestant = (chunks) => cut(chunks, { stream: true });

/** The same with a decoder that forgets everything after a chunk: faster in Node 20, and wrong on a character cut in two. */
const bareFloor: Contestant = (chunks) => cut(chunks, { stream: false });

function cut(chunks: readonly Uint8Array[], options: { stream: boolean }): number {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let count = 0;
  let rest = "";
  for (const chunk of chunks) {
    const text = rest + decoder.decode(chunk, options);
    let start = 0;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n", start)) {
      last.made = text.slice(start, end);
      count++;
      start = end + 2;
    }
    rest = text.slice(start);
  }
  return count;
}

const ours: Contestant = (chunks) => {
  let count = 0;
  const parser = createParser({
    onEvent: (event) => {
      last.made = event;
      count++;
    },
    maxEventBytes: Number.POSITIVE_INFINITY,
  });
  for (const chunk of chunks) parser.push(chunk);
  return count;
};

const peer: Contestant = (chunks) => {
  let count = 0;
  const decoder = new TextDecoder();
  const parser = createPeer({
    onEvent: (event) => {
      last.made = event;
      count++;
    },
  });
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
  return count;
};

function measure(
  contestants: Readonly<Record<string, Contestant>>,
  chunks: readonly Uint8Array[],
  rounds = ROUNDS,
): Map<string, number> {
  const fastest = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, contestant] of Object.entries(contestants)) {
      const start = process.hrtime.bigint();
      const count = contestant(chunks);
      const nanoseconds = Number(process.hrtime.bigint() - start) / count;
      fastest.set(name, Math.min(fastest.get(name) ?? Number.POSITIVE_INFINITY, nanoseconds));
    }
  }
  return fastest;
}

function split(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

/** A stream of events of 200 bytes each, filled up with the given text. */
function stream(filler: string): Uint8Array {
  const frames = Array.from({ length: EVENTS }, (_, index) => {
    const frame = (text: string): Uint8Array =>
      Buffer.from(
        formatFrame(
          eventName("rooms/lobby", "message"),
          JSON.stringify({ author: "ada", text }),
          formatCursor({ epoch: "q7Fd3k", seq: 18_204 + index }),
        ),
      );
    const room = EVENT - frame("").length;
    return frame(filler.repeat(Math.floor(room / Buffer.byteLength(filler))));
  });
  return Buffer.concat(frames);
}

console.log(
  `Node ${process.version}, ${EVENTS} events of ${EVENT} bytes in chunks of ${CHUNK} bytes, fastest of ${ROUNDS} rounds\n`,
);
let held = true;
for (const [label, filler] of [
  ["ASCII", "x"],
  ["Greek", "λ"],
] as const) {
  const results = measure(
    {
      "floor: decode, indexOf, slice": floor,
      "floor with a forgetful decoder": bareFloor,
      Tidings: ours,
      "eventsource-parser": peer,
    },
    split(stream(filler), CHUNK),
  );
  const least = results.get("floor: decode, indexOf, slice") ?? Number.NaN;
  const bare = results.get("floor with a forgetful decoder") ?? Number.NaN;
  console.table(
    Object.fromEntries(
      [...results].map(([name, nanoseconds]) => [
        name,
        {
          "ns an event": Math.round(nanoseconds),
          "x floor": ratio(nanoseconds, least),
          "x forgetful floor": ratio(nanoseconds, bare),
        },
      ]),
    ),
  );
  console.log(`${label}: the bar is ${BAR} x floor\n`);
  if ((results.get("Tidings") ?? Number.NaN) > BAR * least) held = false;
}

/** One event whose data is a single line. */
const line = (bytes: number): Uint8Array =>
  Buffer.from(formatFrame("message", JSON.stringify("x".repeat(bytes)), null));
const long = [1, 2, 4].flatMap((megabytes) =>
  [1, 1_024, 65_536].map((size) => {
    const chunks = split(line(megabytes << 20), size);
    const nanoseconds = measure({ ours }, chunks, 3).get("ours") ?? Number.NaN;
    return {
      "one line of": `${megabytes} MiB`,
      "in chunks of": `${size} B`,
      "ns a byte": (nanoseconds / (megabytes << 20)).toFixed(2),
    };
  }),
);
console.table(long);
console.log("A line is linear when the last column depends on the chunks alone.");
if (!held) process.exitCode = 1;

function ratio(value: number, least: number): string {
  return (value / least).toFixed(2);
}

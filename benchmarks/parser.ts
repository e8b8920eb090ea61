/**
 * What the parser costs, compared with the least work that any parser must do, and with eventsource-parser. All are
 * measured in one run, and the results are ratios.
 *
 *   npx tsx --conditions @tidings/source benchmarks/parser.ts
 */
import { createParser, eventName, formatCursor, formatFrame } from "@tidings/protocol";
import { createParser as createPeer } from "eventsource-parser";

/** The size of a chunk. */
const CHUNK = 16 * 1024;
/** The size of an event. */
const EVENT = 200;
const EVENTS = 20_000;
/**
 * The number of rounds. The fastest counts. The parsers take turns, so other work on the machine affects all of them.
 */
const ROUNDS = 15;
/** Our parser may take this many times as long as the least work. */
const MAX_RATIO = 1.4;

/** Keeps the last result, so that the engine cannot optimize the work away. */
const sink: { result: unknown } = { result: null };

/** Parses the chunks of a stream, and returns the number of events. */
type ParseStream = (chunks: readonly Uint8Array[]) => number;

/**
 * The least work: decode, find the blank lines, cut there. The decoder uses `stream`, because a chunk can end within a
 * character.
 */
const leastWork: ParseStream = (chunks) => cut(chunks, { stream: true });

/**
 * The same with a decoder that keeps no state between chunks. It is faster in Node 20, but wrong if a chunk ends within
 * a character.
 */
const leastWorkStateless: ParseStream = (chunks) => cut(chunks, { stream: false });

function cut(chunks: readonly Uint8Array[], options: { stream: boolean }): number {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let count = 0;
  let rest = "";
  for (const chunk of chunks) {
    const text = rest + decoder.decode(chunk, options);
    let start = 0;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n", start)) {
      sink.result = text.slice(start, end);
      count++;
      start = end + 2;
    }
    rest = text.slice(start);
  }
  return count;
}

const ours: ParseStream = (chunks) => {
  let count = 0;
  const parser = createParser({
    onEvent: (event) => {
      sink.result = event;
      count++;
    },
    maxEventBytes: Number.POSITIVE_INFINITY,
  });
  for (const chunk of chunks) parser.push(chunk);
  return count;
};

const peer: ParseStream = (chunks) => {
  let count = 0;
  const decoder = new TextDecoder();
  const parser = createPeer({
    onEvent: (event) => {
      sink.result = event;
      count++;
    },
  });
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
  return count;
};

/** Returns the nanoseconds for an event of each parser, in its fastest round. */
function measure(
  parsers: Readonly<Record<string, ParseStream>>,
  chunks: readonly Uint8Array[],
  rounds = ROUNDS,
): Map<string, number> {
  const fastest = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, parse] of Object.entries(parsers)) {
      const start = process.hrtime.bigint();
      const count = parse(chunks);
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

/** Returns a stream of events of 200 bytes each. The filler repeats until an event has its size. */
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
  `Node ${process.version}, ${EVENTS} events of ${EVENT} bytes in chunks of ${CHUNK} bytes, ` +
    `fastest of ${ROUNDS} rounds\n`,
);
let isWithinLimit = true;
for (const [label, filler] of [
  ["ASCII", "x"],
  ["Greek", "λ"],
] as const) {
  const results = measure(
    {
      "least work": leastWork,
      "least work, stateless decoder": leastWorkStateless,
      Tidings: ours,
      "eventsource-parser": peer,
    },
    split(stream(filler), CHUNK),
  );
  const least = results.get("least work") ?? Number.NaN;
  const leastStateless = results.get("least work, stateless decoder") ?? Number.NaN;
  console.table(
    Object.fromEntries(
      [...results].map(([name, nanoseconds]) => [
        name,
        {
          "ns per event": Math.round(nanoseconds),
          "x least work": ratio(nanoseconds, least),
          "x least work, stateless": ratio(nanoseconds, leastStateless),
        },
      ]),
    ),
  );
  console.log(`${label}: the limit is ${MAX_RATIO} x least work\n`);
  if ((results.get("Tidings") ?? Number.NaN) > MAX_RATIO * least) isWithinLimit = false;
}

/** Returns one event with one long line of data. */
const longEvent = (bytes: number): Uint8Array =>
  Buffer.from(formatFrame("message", JSON.stringify("x".repeat(bytes)), null));
const rows = [1, 2, 4].flatMap((megabytes) =>
  [1, 1_024, 65_536].map((size) => {
    const bytes = megabytes * 1_024 * 1_024;
    const chunks = split(longEvent(bytes), size);
    const nanoseconds = measure({ ours }, chunks, 3).get("ours") ?? Number.NaN;
    return {
      "one line of": `${megabytes} MiB`,
      "in chunks of": `${size} B`,
      "ns per byte": (nanoseconds / bytes).toFixed(2),
    };
  }),
);
console.table(rows);
console.log("The cost of a long line is linear if the last column depends only on the size of the chunks.");
if (!isWithinLimit) process.exitCode = 1;

function ratio(value: number, base: number): string {
  return (value / base).toFixed(2);
}

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, chunkings, cut, event, parse, parseSlowly, streams, type Outcome } from "./parser.fixture.ts";
import { createParser, type ServerSentEvent } from "./parser.ts";

/** Parses a stream in one chunk, byte by byte, and cut in two at every position; all have to give the same. */
function read(source: string | Uint8Array): Outcome {
  const bytes = bytesOf(source);
  const whole = parse([bytes]);
  expect(parse(cut(bytes, [1]))).toEqual(whole);
  for (let at = 0; at <= bytes.length; at++) {
    expect(parse([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(whole);
  }
  return whole;
}

const eventsOf = (source: string | Uint8Array): ServerSentEvent[] => read(source).events;

describe("the standard", () => {
  test.each<[string, string, ServerSentEvent[]]>([
    ["a block is an event", "event: a\ndata: b\nid: c\n\n", [event("b", "a", "c")]],
    ["fields come in any order", "id: c\ndata: b\nevent: a\n\n", [event("b", "a", "c")]],
    ["one BOM at the start is dropped", "\uFEFFdata: a\n\n", [event("a")]],
    ["a second BOM is a part of the field's name", "\uFEFF\uFEFFdata: a\n\ndata: b\n\n", [event("b")]],
    ["a BOM elsewhere is data", "data: \uFEFFa\n\n\uFEFFdata: b\n\n", [event("\uFEFFa")]],
    ["lines end with CR", "event: a\rdata: b\r\rdata: c\r\r", [event("b", "a"), event("c")]],
    ["lines end with CRLF", "event: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", [event("b", "a"), event("c")]],
    ["line ends may be mixed", "event: a\rdata: b\n\r\ndata: c\r\n\r", [event("b", "a"), event("c")]],
    ["LF CR are two line ends", "data: a\n\rdata: b\n\r", [event("a"), event("b")]],
    [
      "no other character ends a line",
      "data: a\u2028b\u2029c\u0085d\u000Be\u000Cf\n\n",
      [event("a\u2028b\u2029c\u0085d\u000Be\u000Cf")],
    ],
    ["data lines are joined with LF", "data: a\ndata:\ndata: b\n\n", [event("a\n\nb")]],
    ["data without a colon is empty data", "data\n\ndata\ndata\n\n", [event(""), event("\n")]],
    [
      "one space after the colon is dropped, no more",
      "data:a\n\ndata:  a\n\ndata:\ta\n\n",
      [event("a"), event(" a"), event("\ta")],
    ],
    ["a value may have colons", "data: a: b:c\n\n", [event("a: b:c")]],
    [
      "an empty event field is the default",
      "event: a\nevent:\ndata: b\n\nevent: \ndata: c\n\n",
      [event("b"), event("c")],
    ],
    [
      "of several event and id fields, the last one counts",
      "event: a\nevent: b\nid: 1\nid: 2\ndata: c\n\n",
      [event("c", "b", "2")],
    ],
    [
      "an empty id is an id",
      "id\ndata: a\n\nid:\ndata: b\n\nevent: e\ndata: c\nid: \n\n",
      [event("a", "message", ""), event("b", "message", ""), event("c", "e", "")],
    ],
    [
      "an id with NUL is ignored",
      "id: 1\nid: 2\0\ndata: a\n\nevent: e\ndata: b\nid: \0\n\n",
      [event("a", "message", "1"), event("b", "e")],
    ],
    ["NUL elsewhere is text", "event: \0\ndata: \0\n\n", [event("\0", "\0")]],
    ["an id belongs to its own block only", "data: a\nid: 1\n\ndata: b\n\n", [event("a", "message", "1"), event("b")]],
    ["comments are ignored", ":\n: data: x\n:data: y\ndata: a\n: b\n\n:\n\n", [event("a")]],
    [
      "unknown fields are ignored",
      "dat: x\ndataa: x\nData: x\n data: x\ndata : x\n__proto__: x\ndata: a\nconstructor\n\n",
      [event("a")],
    ],
    ["a block without data is dropped with its fields", "event: a\nid: 1\n\ndata: b\n\n\n\n", [event("b")]],
    ["a block without its blank line is not an event", "data: a\n\nevent: b\ndata: b\nid: 1\n", [event("a")]],
    ["a line without its end is ignored", "data: a\n\ndata: b\ndata", [event("a")]],
    ["an empty stream has no events", "", []],
  ])("%s", (_, source, expected) => {
    expect(eventsOf(source)).toEqual(expected);
  });

  test("retry has only digits, and is reported as soon as its line ends", () => {
    const valid = "retry: 1\nretry:20\n\nretry: 0300\n";
    const invalid = ["", ":", ": -1", ": 1.5", ": 1e3", ":  1", ": ١", ": 1x"].map((rest) => `retry${rest}\n`).join("");
    const unfinished = "retry: 9";
    const source = valid + invalid + unfinished;
    expect(read(source)).toEqual({ events: [], retries: [1, 20, 300], tooLong: false });
  });

  test("characters may be cut anywhere", () => {
    expect(eventsOf("event: é\ndata: é€😀\u{10FFFF}\uFFFD\nid: €\n\n")).toEqual([
      event("é€😀\u{10FFFF}\uFFFD", "é", "€"),
    ]);
  });

  test("bytes that are not UTF-8 become U+FFFD", () => {
    const data = [0xff, 0x61, 0xc3, 0x61, 0xe2, 0x82, 0x61, 0xed, 0xa0, 0x80, 0x61, 0xf0, 0x9f, 0x98];
    const bytes = Uint8Array.from([...bytesOf("data: "), ...data, ...bytesOf("\n\n")]);
    expect(eventsOf(bytes)).toEqual([event("\uFFFDa\uFFFDa\uFFFDa\uFFFD\uFFFD\uFFFDa\uFFFD")]);
  });

  test("any stream in any chunks gives the events that the standard says", () => {
    fc.assert(
      fc.property(streams, chunkings, (bytes, sizes) => {
        expect(parse(cut(bytes, sizes))).toEqual(parseSlowly(bytes));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("the byte limit", () => {
  test.each([
    ["ASCII", "data: 1234", 10],
    ["two-byte characters", "data: éé", 10],
    ["three-byte characters", "data: €1", 10],
    ["four-byte characters", "data: 😀", 10],
    ["bytes that are not UTF-8, counted as what they become", Uint8Array.from([...bytesOf("data: 1"), 0xff]), 10],
    ["an event in the form that Tidings writes", "event: a:b\ndata: 12\nid: e.1", 25],
    ["such an event with more bytes than characters", "event: a:b\ndata: €€€\nid: e.1", 32],
    ["all lines of a block, with comments", ":\ndata\n\uFEFF:", 9],
  ])("%s: a block of exactly the limit passes, one more byte does not", (_, source, size) => {
    const bytes = bytesOf(source);
    const blocks = Uint8Array.from([...bytes, 10, 10, ...bytes, 13, 10, 13, 10]);
    for (let chunk = 1; chunk <= blocks.length; chunk++) {
      expect(parse(cut(blocks, [chunk]), size)).toMatchObject({ events: [{}, {}], tooLong: false });
      expect(parse(cut(blocks, [chunk]), size - 1)).toEqual({ events: [], retries: [], tooLong: true });
    }
  });

  test("it is the same in any chunks, and the events before the long block are reported", () => {
    fc.assert(
      fc.property(streams, chunkings, fc.nat(60), (bytes, sizes, limit) => {
        expect(parse(cut(bytes, sizes), limit)).toEqual(parseSlowly(bytes, limit));
      }),
      { numRuns: 3_000 },
    );
  });

  test("it refuses a block that never ends, without waiting for the end of its line", () => {
    const parser = createParser({ onEvent: () => expect.unreachable(), maxEventBytes: 1_000 });
    const chunk = bytesOf("x".repeat(100));
    for (let count = 0; count < 10; count++) parser.push(chunk);
    expect(() => parser.push(chunk)).toThrow(RangeError);
    expect(() => parser.push(bytesOf("\n\ndata: a\n\n"))).toThrow(RangeError);
  });

  test("a longer block is told without its data, however it is cut, and the next ones are read", () => {
    const bytes = bytesOf(`event: a\ndata: b\n\nevent: c\ndata: ${"x".repeat(500)}\ndata: y\nid: e.1\n\ndata: d\n\n`);
    for (const size of [1, 7, 64, 1_000]) {
      const told: unknown[] = [];
      const parser = createParser({
        onEvent: ({ data }) => told.push(data),
        onTooLarge: (block) => told.push(block),
        maxEventBytes: 100,
      });
      for (let from = 0; from < bytes.length; from += size) parser.push(bytes.slice(from, from + size));
      expect(told).toEqual(["b", { event: "c", id: "e.1" }, "d"]);
    }
  });

  test("a longer block without data is no event", () => {
    const told: unknown[] = [];
    const parser = createParser({
      onEvent: ({ data }) => told.push(data),
      onTooLarge: (block) => told.push(block),
      maxEventBytes: 100,
    });
    parser.push(bytesOf(`: ${"x".repeat(500)}\n\ndata: d\n\n`));
    expect(told).toEqual(["d"]);
  });

  test("it is 1 MiB by default", () => {
    const line = bytesOf(`data:${"x".repeat(2 ** 20 - 5)}`);
    expect(parse([line, bytesOf("\n\n")]).events).toHaveLength(1);
    expect(parse([line, bytesOf("x")]).tooLong).toBe(true);
  });
});

test("push throws what a callback throws", () => {
  const parser = createParser({
    onEvent: () => {
      throw new Error("handler");
    },
  });
  expect(() => parser.push(bytesOf("data: a\n\n"))).toThrow("handler");
});

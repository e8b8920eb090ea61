import { createParser as createPeer } from "eventsource-parser";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { eventName } from "./control.ts";
import { formatCursor } from "./cursor.ts";
import { formatFrame } from "./frame.ts";
import { bytesOf, chunkings, cut, event, parse, texts, type Outcome } from "./parser.fixture.ts";
import type { ServerSentEvent } from "./parser.ts";

/**
 * Parses with eventsource-parser. It differs on purpose in four points, which this function compensates:
 * - Its event without a name has no name; ours is `message`.
 * - Its event without an id has the id undefined; ours is null.
 * - It takes text, so a TextDecoder removes the byte order mark.
 * - It holds back a CR at the end of a chunk until it sees what follows, so both parsers get a comment line at the end.
 */
function parsePeer(chunks: readonly Uint8Array[]): Outcome {
  const events: ServerSentEvent[] = [];
  const retries: number[] = [];
  const decoder = new TextDecoder();
  const peer = createPeer({
    onEvent: (found) => events.push(event(found.data, found.event ?? "message", found.id ?? null)),
    onRetry: (milliseconds) => retries.push(milliseconds),
  });
  for (const chunk of chunks) peer.feed(decoder.decode(chunk, { stream: true }));
  return { events, retries, tooLong: false };
}

test("any stream in any chunks gives the events that eventsource-parser gives", () => {
  fc.assert(
    fc.property(texts, chunkings, (text, sizes) => {
      const chunks = [...cut(bytesOf(text), sizes), bytesOf(":\n")];
      expect(parse(chunks)).toEqual(parsePeer(chunks));
    }),
    { numRuns: 3_000 },
  );
});

test("any string in any field arrives as exactly one event with equal data, in both parsers", () => {
  const units = fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((codes) => String.fromCharCode(...codes));
  const nasty = fc.constantFrom(
    "\r",
    "\n",
    "\r\n\r\n",
    "\0",
    "\u2028\u2029",
    "\uD800",
    "\uDC00\uD83D",
    "😀",
    "\uFEFF",
    "a\rid: 666",
    "a\n\ndata: x",
  );
  const strings = fc.oneof(units, nasty, fc.string({ unit: "binary" }));
  const values = fc
    .oneof(strings, fc.dictionary(strings, strings), fc.jsonValue({ stringUnit: "binary" }))
    // JSON has no -0, so compare with the value that JSON can hold.
    .map((value): unknown => JSON.parse(JSON.stringify(value)));
  const segments = fc
    .oneof(fc.string({ unit: "binary", minLength: 1 }), nasty)
    .map((text) => encodeURIComponent(text.toWellFormed()));
  const types = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/);
  const cursors = fc.record({ epoch: fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), seq: fc.maxSafeNat() });
  fc.assert(
    fc.property(segments, types, values, fc.option(cursors), chunkings, (segment, type, value, cursor, sizes) => {
      const name = eventName(`rooms/${segment}`, type);
      const id = cursor === null ? null : formatCursor(cursor);
      const json = JSON.stringify(value);
      const between = formatFrame("a:b", "1", "e.1");
      const chunks = cut(new TextEncoder().encode(between + formatFrame(name, json, id) + between), sizes);
      const expected = [event("1", "a:b", "e.1"), event(json, name, id), event("1", "a:b", "e.1")];
      const { events } = parse(chunks);
      expect(events).toEqual(expected);
      expect(parsePeer(chunks).events).toEqual(expected);
      expect(JSON.parse(events[1]?.data ?? "")).toEqual(value);
    }),
    { numRuns: 1_000 },
  );
});

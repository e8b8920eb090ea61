import { expect, test } from "vitest";
import { createParser } from "./parser.ts";

const SMALL = 2 ** 18;
const LARGE = 2 ** 22;
/** Quadratic work costs 16 times as much a byte in the large stream as in the small one. */
const FACTOR = 6;

/**
 * The fastest of up to three runs, in milliseconds a byte: other work on the machine only adds time. A run below
 * `fastEnough` is the last one.
 */
function cost(bytes: Uint8Array, chunk: number, fastEnough = 0): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && fastest >= fastEnough * bytes.length; run++) {
    const parser = createParser({ onEvent: () => {}, maxEventBytes: Number.POSITIVE_INFINITY });
    const start = performance.now();
    for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk));
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest / bytes.length;
}

const stream = (head: string, unit: string, size: number): Uint8Array =>
  new TextEncoder().encode(head + unit.repeat(size / unit.length));

test.each([
  ["one line", "data: ", "x", 1],
  ["one line", "data: ", "x", 1_024],
  ["one line", "data: ", "x", 65_536],
  ["one line beyond ASCII", "data: ", "é", 1_000],
  ["one line as Tidings writes it", 'event: a:b\ndata: "', "x", 65_536],
  ["many data lines", "", "data: 1\n", 65_536],
  ["empty lines that end with CR", "", "\r", LARGE],
  ["empty lines that end with LF, after one CR", "\r", "\n", LARGE],
  ["lines that end with CR", "", "data: 1\r", LARGE],
  ["blocks that begin as Tidings writes them", "", "event: a:b\ndata: 1\nid: e.1\nx:  \n\n", LARGE],
])(
  "a byte costs the same in a stream of 256 KiB and of 4 MiB: %s (%j, %j in chunks of %i bytes)",
  (_, head, unit, chunk) => {
    cost(stream(head, unit, SMALL), chunk);
    const small = cost(stream(head, unit, SMALL), chunk);
    expect(cost(stream(head, unit, LARGE), chunk, small * FACTOR)).toBeLessThan(small * FACTOR);
  },
  60_000,
);

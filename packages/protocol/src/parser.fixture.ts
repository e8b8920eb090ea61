import * as fc from "fast-check";
import { createParser, type ServerSentEvent } from "./parser.ts";

/** Everything that a parser reports about a stream. */
export interface Outcome {
  readonly events: ServerSentEvent[];
  readonly retries: number[];
  readonly tooLong: boolean;
}

const ENCODER = new TextEncoder();
export const bytesOf = (source: string | Uint8Array): Uint8Array =>
  typeof source === "string" ? ENCODER.encode(source) : source;
export const event = (data: string, name = "message", id: string | null = null): ServerSentEvent => ({
  event: name,
  data,
  id,
});

/** Cuts bytes into chunks of the given sizes, repeated as often as needed; 0 is an empty chunk. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let start = 0;
  while (start < bytes.length) {
    const size = sizes[chunks.length % sizes.length] ?? 1;
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return chunks;
}

/** Parses the chunks with our parser. */
export function parse(chunks: readonly Uint8Array[], maxEventBytes?: number): Outcome {
  const events: ServerSentEvent[] = [];
  const retries: number[] = [];
  const parser = createParser({
    onEvent: (found) => events.push(found),
    onRetry: (milliseconds) => retries.push(milliseconds),
    ...(maxEventBytes === undefined ? {} : { maxEventBytes }),
  });
  try {
    for (const chunk of chunks) parser.push(chunk);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { events, retries, tooLong: true };
  }
  return { events, retries, tooLong: false };
}

/** Parses as the standard says, line by line; simple and slow. */
export function parseSlowly(bytes: Uint8Array, maxEventBytes = Number.POSITIVE_INFINITY): Outcome {
  const text = new TextDecoder().decode(bytes, { stream: true });
  const lines = text.split(/\r\n|\r|\n/);
  const [events, retries]: [ServerSentEvent[], number[]] = [[], []];
  let [name, data, id, length]: [string, string[], string | null, number] = ["", [], null, 0];
  for (const [index, line] of lines.entries()) {
    length += ENCODER.encode(line).length;
    if (length > maxEventBytes) return { events, retries, tooLong: true };
    if (index === lines.length - 1) break;
    if (line === "") {
      if (data.length > 0) events.push(event(data.join("\n"), name || "message", id));
      [name, data, id, length] = ["", [], null, 0];
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    if (field === "event") name = value;
    if (field === "id" && !value.includes("\0")) id = value;
    if (field === "retry" && /^[0-9]+$/.test(value)) retries.push(Number(value));
  }
  return { events, retries, tooLong: false };
}

export const chunkings = fc.array(fc.nat(9), { maxLength: 8 }).map((sizes) => sizes.concat(64));
const tokens = fc.constantFrom(
  ...[
    "data: ",
    "data:",
    "data",
    "event: ",
    "event:",
    "event",
    "id: ",
    "id:",
    "id",
    "retry: ",
    "retry:",
    ": ",
    ":",
    " ",
    "x",
  ],
  ...[
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\n\r\n",
    "\r\r",
    "\n\r",
    "1",
    "007",
    "\0",
    "é",
    "€",
    "😀",
    "\uFEFF",
    "\u2028",
    "{}",
  ],
  ...["event: a:b\ndata: 1\nid: e.1\n\n", "event: a:b\ndata: €\n\n", "event: \ndata: \nid: \n\n"],
);
export const texts = fc.array(tokens, { maxLength: 40 }).map((parts) => parts.join(""));
/** Bytes that are mostly a valid stream and sometimes not UTF-8. */
export const streams = fc
  .array(
    fc.oneof({ weight: 6, arbitrary: tokens.map(bytesOf) }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }) }),
    {
      maxLength: 40,
    },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

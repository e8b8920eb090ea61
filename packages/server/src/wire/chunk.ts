import { byteLength } from "@tidings/log";

/** Bytes of a stream, and around them in the same memory the framing of HTTP/1.1. Many sinks write the same chunk. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** With the framing. */
  readonly framed: Uint8Array;
}

const ENCODER = new TextEncoder();
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
/** Sockets of Node write their own kind of bytes. They would wrap any other in one, at each write. */
const { Buffer } = globalThis as { readonly Buffer?: { allocUnsafeSlow(size: number): Uint8Array } };

/** A chunk of some size, which is still to be filled. */
function emptyChunk(size: number): Chunk {
  const head = `${size.toString(16)}\r\n`;
  const whole = head.length + size + 2;
  const framed = Buffer === undefined ? new Uint8Array(whole) : Buffer.allocUnsafeSlow(whole);
  ENCODER.encodeInto(head, framed);
  framed[whole - 2] = CARRIAGE_RETURN;
  framed[whole - 1] = LINE_FEED;
  return { bytes: framed.subarray(head.length, whole - 2), framed };
}

/** One chunk of a text. */
export function toChunk(text: string): Chunk {
  const chunk = emptyChunk(byteLength(text));
  ENCODER.encodeInto(text, chunk.bytes);
  return chunk;
}

/** One chunk of several. */
export function joinChunks(parts: readonly Chunk[]): Chunk {
  const whole = emptyChunk(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let offset = 0;
  for (const { bytes } of parts) {
    whole.bytes.set(bytes, offset);
    offset += bytes.length;
  }
  return whole;
}

import type { Entry } from "@tidings/log";
import { encodeFrame, eventName, formatControl, formatCursor } from "@tidings/protocol";

const ENCODER = new TextEncoder();

/** Text as the bytes of a sink. */
export function toBytes(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** The bytes of an entry on the wire; volatile ones have no id. */
export function frameOf(entry: Entry): Uint8Array {
  const id = entry.mode === "volatile" ? null : formatCursor(entry);
  if (entry.data !== null) return encodeFrame(eventName(entry.channel, entry.type), entry.data, id);
  return toBytes(formatControl("clear", { channel: entry.channel, type: entry.type, key: entry.key ?? "" }, id));
}

/** The bytes of a current value, which must not move the reader's position. */
export function currentFrameOf(entry: Entry): Uint8Array {
  return encodeFrame(eventName(entry.channel, entry.type), entry.data ?? "null", null);
}

/** One Uint8Array of several. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

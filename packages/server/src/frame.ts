import type { Entry, Hole } from "@tidings/log";
import { eventName, formatControl, formatCursor, formatFrame, type ControlEvents } from "@tidings/protocol";

const ENCODER = new TextEncoder();

/** Text as the bytes of a sink. */
export function toBytes(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** The bytes of a control event. */
export function controlFrame<Name extends keyof ControlEvents>(
  name: Name,
  data: ControlEvents[Name],
  id: string | null = null,
): Uint8Array {
  return toBytes(formatControl(name, data, id));
}

/** The id of an entry; volatile ones have none, since they must not move the reader's position. */
export function idOf(entry: Entry): string | null {
  return entry.mode === "volatile" ? null : formatCursor(entry);
}

/** The bytes of an entry on the wire. @param id null for a current value */
export function frameOf(entry: Entry, id = idOf(entry)): Uint8Array {
  const { channel, type, key = "", data } = entry;
  if (data === null) return controlFrame("clear", { channel, type, key }, id);
  return toBytes(formatFrame(eventName(channel, type), data, id));
}

/** What a gap says of holes. */
export function gapOf(holes: readonly Hole[]): ControlEvents["gap"] {
  return { channels: Object.fromEntries(holes.map(({ channel, reason }) => [channel, reason])) };
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

import type { Entry, Hole } from "@tidings/log";
import { eventName, formatControl, formatCursor, formatFrame, type ControlEvents } from "@tidings/protocol";
import { toChunk, type Chunk } from "./chunk.ts";

/** The bytes of a control event. */
export function controlFrame<Name extends keyof ControlEvents>(
  name: Name,
  data: ControlEvents[Name],
  id: string | null = null,
): Chunk {
  return toChunk(formatControl(name, data, id));
}

/** The id of an entry; null for a volatile one, since it must not move the reader's position. */
export function idOf(entry: Entry): string | null {
  return entry.mode === "volatile" ? null : formatCursor(entry);
}

/** The bytes of an entry on the wire. @param id null for a current value */
export function entryFrame(entry: Entry, id = idOf(entry)): Chunk {
  const { channel, type, key = "", data } = entry;
  if (data === null) return controlFrame("clear", { channel, type, key }, id);
  return toChunk(formatFrame(eventName(channel, type), data, id));
}

/** The frames that name the paths which a stream does not follow: one for each reason. */
export function refusalFrames(refused: ReadonlyMap<string, "forbidden" | "unknown">): Chunk[] {
  const frames: Chunk[] = [];
  if (refused.size === 0) return frames;
  for (const reason of ["forbidden", "unknown"] as const) {
    const channels = [...refused.keys()].filter((path) => refused.get(path) === reason);
    if (channels.length > 0) frames.push(controlFrame("bye", { reason, channels }));
  }
  return frames;
}

/** What a gap event says about holes: the reason by path. */
export function gapData(holes: readonly Hole[]): ControlEvents["gap"] {
  return { channels: Object.fromEntries(holes.map(({ channel, reason }) => [channel, reason])) };
}

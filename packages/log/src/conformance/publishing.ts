import type { EventLog, NewEntry } from "../event-log.ts";
import type { Cursor } from "@tidings/protocol";

/** A reliable entry of the type `message`. */
export function reliable(channel: string, data = '"event"', overrides: Partial<NewEntry> = {}): NewEntry {
  return { channel, type: "message", mode: "reliable", data, ...overrides };
}

/** A `latest` entry of the type `state`. Null as data withdraws the value. */
export function latest(channel: string, key: string, data: string | null, overrides: Partial<NewEntry> = {}): NewEntry {
  return { channel, type: "state", mode: "latest", key, data, ...overrides };
}

/** A volatile entry of the type `typing`. */
export function volatile(channel: string, data = '"hint"'): NewEntry {
  return { channel, type: "typing", mode: "volatile", data };
}

/** Appends the entries one by one and returns their positions. */
export async function publish(log: EventLog, ...entries: readonly NewEntry[]): Promise<Cursor[]> {
  const cursors: Cursor[] = [];
  for (const entry of entries) {
    const appended = await log.append([entry]);
    cursors.push(...appended.map(({ cursor }) => cursor));
  }
  return cursors;
}

/** Reliable entries of a channel with the data `"1"` to `"<count>"`. */
export function numbered(channel: string, count: number): NewEntry[] {
  return Array.from({ length: count }, (_, index) => reliable(channel, `${index + 1}`));
}

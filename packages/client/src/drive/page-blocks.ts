import type { PageBody } from "@tidings/protocol";
import type { StreamBlock } from "./blocks.ts";

export function blockOf(event: string, data: unknown, id: string | null = null): StreamBlock {
  return { event, data: toJson(data), id };
}

/** Null where it is nested more deeply than the runtime can write. */
function toJson(data: unknown): string | null {
  try {
    return JSON.stringify(data);
  } catch {
    return null;
  }
}

/** What a stream would have said instead of a page: PROTOCOL.md, section 6. */
export function* blocksOf({ events, gap, refused, cursor, more }: PageBody): Iterable<StreamBlock> {
  for (const [path, reason] of Object.entries(refused ?? {})) {
    yield blockOf("bye", { reason, channels: [path] });
  }
  if (gap) {
    // Only what retention has removed leaves the position as it is.
    const isTrimmed = Object.values(gap.channels).every((reason) => reason === "trimmed");
    yield blockOf("gap", gap, isTrimmed ? null : cursor);
  }
  for (const { channel, type, id = null, ...rest } of events) {
    yield "clear" in rest
      ? blockOf("clear", { channel, type, key: rest.clear }, id)
      : blockOf(`${channel}:${type}`, rest.data, id);
  }
  if (!more) {
    yield blockOf("heartbeat", {}, cursor);
  }
}

import { byteLength, type EventLog, type Limit } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { beginningOfValues, comesFirst, type Beginning } from "../position/owed.ts";
import { partCursor, type PartPosition } from "../position/part-cursor.ts";
import { readableValues } from "../position/readable-values.ts";
import type { StartPosition } from "../position/start-position.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import { eventJson } from "./event-json.ts";

export interface CurrentValueNeeds {
  readonly log: Pick<EventLog, "current">;
  readonly reads: ReadQueue;
}

/** Some of the current values, as JSON. */
export interface CurrentValues {
  readonly events: readonly string[];
  /** The cursor of the page that brings the next part. Null when these are the last ones. */
  readonly next: Cursor | null;
  /** What the page may still have. */
  readonly remaining: Limit;
}

/**
 * The current values of some paths that the viewer may see, as many as the page may have. A part without values would
 * bring its reader no further, so it is followed by the next one, in the same page.
 *
 * @param part where the last page has stopped; only `events` on the first page
 * @param gone aborted when the client is gone
 */
export async function currentValues(
  { log, reads }: CurrentValueNeeds,
  beginning: Beginning & Pick<StartPosition, "epoch">,
  paths: readonly string[],
  { events: position, values: from }: Pick<PartPosition, "events"> & Partial<PartPosition>,
  limit: Limit,
  gone: AbortSignal,
): Promise<CurrentValues> {
  if (paths.length === 0) return { events: [], next: null, remaining: limit };
  const { readableFromByPath, epoch } = beginning;
  for (let after = from ?? beginningOfValues(paths, readableFromByPath, epoch); ;) {
    const begin = after;
    // A failover may have made the position void. Then there are no values, and the events begin with a gap.
    const page = await reads((_, of) => readableValues(log, of, readableFromByPath, begin, limit), { paths, gone });
    const entries = page.entries.filter((entry) => comesFirst(entry, beginning));
    if (page.more && entries.length === 0) {
      after = page.next;
      continue;
    }
    const bytes = entries.reduce((sum, { data }) => sum + byteLength(data ?? ""), 0);
    return {
      events: entries.map((entry) => eventJson(entry, null)),
      next: page.more ? partCursor({ events: position, values: page.next }) : null,
      // A read of nothing would not come to the end.
      remaining: { entries: Math.max(1, limit.entries - entries.length), bytes: limit.bytes - bytes },
    };
  }
}

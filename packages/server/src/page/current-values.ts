import type { Entry, EventLog, Limit, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { isReadable } from "../position/owed.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import { eventJson } from "./event-json.ts";

export interface CurrentValueNeeds {
  readonly log: Pick<EventLog, "current">;
  readonly reads: ReadQueue;
  readonly pageLimit: Limit;
}

/**
 * The current values of some paths that the viewer may see, as JSON.
 * @param gone aborted when the client is gone
 */
export async function currentValues(
  { log, reads, pageLimit }: CurrentValueNeeds,
  readableFromByPath: ReadonlyMap<string, number>,
  paths: readonly string[],
  gone: AbortSignal,
): Promise<string[]> {
  let values: Entry[] = [];
  let after: Cursor | null = null;
  let more = paths.length > 0;
  while (more) {
    const from: Cursor | null = after;
    const page: Page = await reads(() => log.current(paths, from, pageLimit), { paths, gone });
    if (isVoid(page)) {
      values = [];
      after = null;
    } else {
      values.push(...page.entries);
      after = page.next;
      more = page.more;
    }
  }
  return values.filter((entry) => isReadable(entry, readableFromByPath)).map((entry) => eventJson(entry, null));
}

/** Whether a failover has made the end of the last page void. The values are then read again from the first one. */
export function isVoid({ holes }: Pick<Page, "holes">): boolean {
  return holes.length > 0;
}

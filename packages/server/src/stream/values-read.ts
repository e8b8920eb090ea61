import type { EventLog, Limit, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { newestOf } from "../position/find-ends.ts";
import { readableValues } from "../position/readable-values.ts";
import type { ValuesPhase } from "./pump-state.ts";

/** A page of current values. */
export interface ValuesRead {
  readonly page: Page;
  /** Where the log stood when the page was read, or after that. It tells of a failover. */
  readonly head: Cursor;
}

/** The paths of the next read of current values: one that is looked at alone, or all whose values are asked for. */
export function pathsOfRead({ paths, alone }: ValuesPhase): readonly string[] {
  return alone.length > 0 ? alone.slice(0, 1) : paths;
}

/** Reads current values, or the end of the path that is looked at alone. */
export async function readValues(
  log: Pick<EventLog, "head" | "current" | "recent">,
  paths: readonly string[],
  { alone: [single], after, readableFromByPath }: ValuesPhase,
  limit: Limit,
): Promise<ValuesRead> {
  if (single === undefined) {
    const page = await readableValues(log, paths, readableFromByPath, after, limit);
    return { page, head: await log.head() };
  }
  const page = await newestOf(log, single);
  // The log answers with its head, of the same moment. So it need not be asked for it.
  return { page, head: page.next };
}

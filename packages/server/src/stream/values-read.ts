import type { EventLog, Limit, Page } from "@tidings/log";
import { newestOf } from "../position/find-ends.ts";
import { readableValues } from "../position/readable-values.ts";
import type { ValuesPhase } from "./pump-state.ts";

/** The paths of the next read of current values: one that is looked at alone, or all whose values are asked for. */
export function pathsOfRead({ paths, alone }: ValuesPhase): readonly string[] {
  return alone.length > 0 ? alone.slice(0, 1) : paths;
}

/** Reads current values, or the end of the path that is looked at alone. */
export function readValues(
  log: Pick<EventLog, "current" | "recent">,
  paths: readonly string[],
  { alone: [single], after, readableFromByPath }: ValuesPhase,
  limit: Limit,
): Promise<Page> {
  return single === undefined ? readableValues(log, paths, readableFromByPath, after, limit) : newestOf(log, single);
}

import type { EventLog } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { StartPosition } from "../position/start-position.ts";
import { readHead } from "../runtime/read-head.ts";
import { currentValues, type CurrentValueNeeds } from "./current-values.ts";
import type { PageParts } from "./page-parts.ts";
import type { Snapshots } from "./snapshots.ts";

export interface StateNeeds extends CurrentValueNeeds {
  readonly log: Pick<EventLog, "head" | "current">;
  readonly clock: Clock;
  readonly snapshots: Pick<Snapshots, "load">;
}

/**
 * A page of snapshots: the state of every address, the current values, and a position that was read before all of them
 * (law 8).
 *
 * @param gone aborted when the client is gone
 */
export async function states(needs: StateNeeds, start: StartPosition, gone: AbortSignal): Promise<PageParts> {
  const { snapshots } = needs;
  const { granted } = start.access;
  const head = await readHead(needs, gone);
  const loaded = await Promise.all(
    Array.from(granted.values(), ({ address, grant }) => snapshots.load(address, grant.readableFrom ?? null)),
  );
  // Positions of different epochs cannot be compared: if the log was replaced meanwhile, everything is loaded again.
  if (loaded.some(({ cursor }) => cursor.epoch !== head.epoch)) return states(needs, start, gone);
  // A shared load may have begun earlier. To go on from the earliest position repeats events at worst.
  const cursor = loaded.reduce((earliest, each) => (each.cursor.seq < earliest.seq ? each.cursor : earliest), head);
  const events = await currentValues(needs, start.readableFromByPath, [...granted.keys()], gone);
  const members = loaded.map(({ path, state }) => `${JSON.stringify(path)}:${state}`);
  return { events, cursor, more: false, holes: [], states: `{${members.join()}}` };
}

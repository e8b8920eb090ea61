import { byteLength, type EventLog, type Limit } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { StartPosition } from "../position/start-position.ts";
import { readHead } from "../runtime/read-head.ts";
import { Refusal } from "../request/refusal.ts";
import type { Limits } from "../runtime/limits.ts";
import type { AnswerRoom } from "../unread/unread-answers.ts";
import { currentValues, type CurrentValueNeeds } from "./current-values.ts";
import type { PageParts } from "./page-parts.ts";
import { findPageStart } from "./page-start.ts";
import type { Snapshots } from "./snapshots.ts";

export interface StateNeeds extends CurrentValueNeeds {
  readonly log: Pick<EventLog, "head" | "read" | "current" | "stat">;
  readonly clock: Clock;
  readonly snapshots: Pick<Snapshots, "load">;
  readonly limits: Pick<Limits, "stateBytes">;
  readonly pageLimit: Limit;
}

/** The states of one page have at most as many bytes as this many of the largest ones. */
const LARGEST_STATES = 8;

/**
 * A page of snapshots: the state of every address, the current values, and a position of before all of them (law 8).
 * Values that do not fit come with the next page, which has no states.
 *
 * @param room is given back while states load
 * @throws Refusal 503 with the channels whose states have no room in the page; the client asks for them later
 */
export async function states(
  needs: StateNeeds,
  start: StartPosition,
  room: Pick<AnswerRoom, "gone" | "aside">,
): Promise<PageParts> {
  const { gone } = room;
  const { snapshots, pageLimit } = needs;
  const { granted } = start.access;
  const head = await readHead(needs, gone);
  const load = () =>
    Promise.all(
      Array.from(granted.values(), ({ address, grant }) => snapshots.load(address, grant.readableFrom ?? null)),
    );
  const loaded = await room.aside(load);
  // Positions of different epochs cannot be compared: if the log was replaced meanwhile, everything is loaded again.
  if (loaded.some((each) => each.head.epoch !== head.epoch)) return states(needs, start, room);
  const stateBytes = roomOf(loaded, LARGEST_STATES * needs.limits.stateBytes);
  const paths = [...granted.keys()];
  const cursor = await findPageStart(needs, loaded, head, paths, gone);
  const limit = { entries: pageLimit.entries, bytes: pageLimit.bytes - stateBytes };
  const values = await currentValues(needs, start.readableFromByPath, paths, { events: cursor }, limit, gone);
  const members = loaded.map(({ path, state }) => `${JSON.stringify(path)}:${state}`);
  const end = { cursor: values.next ?? cursor, more: values.next !== null };
  return { events: values.events, ...end, holes: [], states: `{${members.join()}}` };
}

/** How many bytes states have together. @throws Refusal 503 when that is more than `most` */
function roomOf(loaded: readonly { readonly path: string; readonly state: string }[], most: number): number {
  let bytes = 0;
  const channels: string[] = [];
  for (const { path, state } of loaded) {
    const size = byteLength(state);
    if (bytes + size > most) channels.push(path);
    else bytes += size;
  }
  if (channels.length === 0) return bytes;
  const detail = `The states together have more than ${most} bytes; ask for these channels in another request.`;
  throw new Refusal(503, "limit", { detail, channels });
}

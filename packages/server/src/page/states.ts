import type { EventLog, Limit } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import pLimit from "p-limit";
import type { StartPosition } from "../position/start-position.ts";
import type { Access } from "../rights/access.ts";
import { readHead } from "../runtime/read-head.ts";
import { Refusal } from "../request/refusal.ts";
import type { Limits } from "../runtime/limits.ts";
import type { AnswerRoom } from "../unread/unread-answers.ts";
import { currentValues, type CurrentValueNeeds } from "./current-values.ts";
import type { PageParts } from "./page-parts.ts";
import { findPageStart } from "./page-start.ts";
import type { Snapshot, Snapshots } from "./snapshots.ts";

export interface StateNeeds extends CurrentValueNeeds {
  readonly log: Pick<EventLog, "head" | "read" | "current" | "stat">;
  readonly clock: Clock;
  readonly snapshots: Pick<Snapshots, "load">;
  readonly limits: Pick<Limits, "stateBytes">;
  readonly pageLimit: Limit;
}

/** What a viewer may read of one path. */
type Granted = Access["granted"] extends ReadonlyMap<string, infer Each> ? Each : never;

/** The states of one page have at most as many bytes as this many of the largest ones. */
const LARGEST_STATES = 8;
/** How many states are loaded at the same time for one page. */
const MOST_LOADS = 8;

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
  const { pageLimit } = needs;
  const { granted } = start.access;
  const head = await readHead(needs, gone);
  const most = LARGEST_STATES * needs.limits.stateBytes;
  const loaded = await room.aside(() => loadStates(needs, granted, most, gone));
  // Positions of different epochs cannot be compared: if the log was replaced meanwhile, everything is loaded again.
  if (loaded.some((each) => each.head.epoch !== head.epoch)) return states(needs, start, room);
  const stateBytes = loaded.reduce((sum, { bytes }) => sum + bytes, 0);
  const paths = [...granted.keys()];
  const cursor = await findPageStart(needs, loaded, head, paths, gone);
  const limit = { entries: pageLimit.entries, bytes: pageLimit.bytes - stateBytes };
  const values = await currentValues(needs, start.readableFromByPath, paths, { events: cursor }, limit, gone);
  const members = loaded.map(({ path, state }) => `${JSON.stringify(path)}:${state}`);
  const end = { cursor: values.next ?? cursor, more: values.next !== null };
  return { events: values.events, ...end, holes: [], states: `{${members.join()}}` };
}

/**
 * Loads few states at a time, and stops when there is no room for one of them, when a load fails, or when the client is
 * gone. So a page of many large states does not load all of them to deliver none.
 *
 * @param most how many bytes the states may have together
 * @throws Refusal 503 with the channels that have no room, and what `load` throws
 */
async function loadStates(
  { snapshots }: Pick<StateNeeds, "snapshots">,
  granted: Access["granted"],
  most: number,
  gone: AbortSignal,
): Promise<readonly Snapshot[]> {
  const places = pLimit(MOST_LOADS);
  const loaded = new Map<string, Snapshot>();
  let remaining = most;
  let isOver = false;
  async function loadOne(path: string, { address, grant }: Granted): Promise<void> {
    if (isOver || gone.aborted) return;
    try {
      const snapshot = await snapshots.load(address, grant.readableFrom ?? null);
      remaining -= snapshot.bytes;
      if (remaining < 0) isOver = true;
      else loaded.set(path, snapshot);
    } catch (error) {
      isOver = true;
      throw error;
    }
  }
  await Promise.all(Array.from(granted, ([path, each]) => places(() => loadOne(path, each))));
  const paths = [...granted.keys()];
  const channels = paths.filter((path) => !loaded.has(path));
  if (channels.length === 0) return paths.flatMap((path) => loaded.get(path) ?? []);
  const detail = `The states together have more than ${most} bytes; ask for these channels in another request.`;
  throw new Refusal(503, "limit", { detail, channels });
}

import { isEnd, type EventLog, type Limit, type Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import pLimit from "p-limit";
import { owedOf } from "../position/owed.ts";
import { partCursor } from "../position/part-cursor.ts";
import type { StartPosition } from "../position/start-position.ts";
import type { Access } from "../rights/access.ts";
import { readHead } from "../runtime/read-head.ts";
import { Refusal } from "../request/refusal.ts";
import type { Limits } from "../runtime/limits.ts";
import type { AnswerRoom } from "../unread/answer-room.ts";
import { currentValues, type CurrentValueNeeds } from "./current-values.ts";
import { eventJson } from "./event-json.ts";
import type { PageParts } from "./page-parts.ts";
import { eventBytes, pageThatFits } from "./page-that-fits.ts";
import { MOST_EVENTS } from "./snapshot-overlap.ts";
import type { Snapshot, Snapshots } from "./snapshots.ts";

export interface StateNeeds extends CurrentValueNeeds {
  readonly log: Pick<EventLog, "head" | "read" | "current">;
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
 * A page of snapshots (law 8): the state of every address, the events from a little before its load on, and the current
 * values. The position of the page is after all of them. So a failover that takes anything of them makes it void, and
 * the client gets a gap.
 *
 * Values that do not fit come with the next page, which has no states. So do events that do not fit, with all values.
 *
 * @param room is given back while states load, except for what they take; the page ends when that is too much
 * @throws Refusal 503 with the channels whose states have no room in the page; the client asks for them later
 */
export async function states(
  needs: StateNeeds,
  start: StartPosition,
  room: Pick<AnswerRoom, "gone" | "aside" | "hold">,
): Promise<PageParts> {
  const { gone } = room;
  const { log, reads, pageLimit } = needs;
  const { granted } = start.access;
  const paths = [...granted.keys()];
  const most = LARGEST_STATES * needs.limits.stateBytes;
  const loaded = await room.aside(() => loadStates(needs, granted, most, room));
  const position = earliest(loaded) ?? start.cursor;
  // With small pages, too, all events of most states fit.
  const limit = { ...pageLimit, entries: Math.max(pageLimit.entries, MOST_EVENTS) };
  const read = await reads((signal, of) => log.read(position, of, limit, signal), { paths, gone });
  const page = pageThatFits(read, limit.bytes);
  const { entries, holes } = owedBeside(loaded, page, start.readableFromByPath, position);
  const events = entries.map((entry) => eventJson(entry));
  const bytes = [...entries.map(eventBytes), ...loaded.map((each) => each.bytes)];
  const valuesLimit = {
    entries: Math.max(1, pageLimit.entries - entries.length),
    bytes: bytes.reduce((rest, each) => rest - each, pageLimit.bytes),
  };
  // Values are read after the events, so they may follow them: none is older than an event of its key.
  const values = page.more
    ? { events: [], next: partCursor({ events: page.next, values: { ...page.next, seq: 0 } }) }
    : await currentValues(needs, { ...start, cursor: page.next }, paths, { events: page.next }, valuesLimit, gone);
  // Positions of different epochs cannot be compared: if the log was replaced meanwhile, everything is loaded again.
  const { epoch } = await readHead(needs);
  if ([...loaded.map(({ head }) => head), page.next].some((each) => each.epoch !== epoch)) {
    return states(needs, start, room);
  }
  const members = loaded.map(({ path, state }) => `${JSON.stringify(path)}:${state}`);
  const end = { cursor: values.next ?? page.next, more: values.next !== null };
  return { events: [...events, ...values.events], ...end, holes, states: `{${members.join()}}` };
}

/** The earliest start of the states; null without any. */
function earliest(loaded: readonly Snapshot[]): Cursor | null {
  return loaded.reduce<Cursor | null>(
    (first, { start }) => (first === null || start.seq < first.seq ? start : first),
    null,
  );
}

/**
 * What a page of the log, read after `position`, owes to a reader of these states. The current values follow, so no
 * value is among them, and no end. Withdrawals are: a state may still have a value that was withdrawn while it loaded.
 * What was dropped up to the head of a state is in that state.
 */
function owedBeside(
  loaded: readonly Snapshot[],
  page: Page,
  readableFromByPath: StartPosition["readableFromByPath"],
  position: Cursor,
): Pick<Page, "entries" | "holes"> {
  const starts = new Map(
    loaded.map(({ path, start }) => [path, Math.max(start.seq, readableFromByPath.get(path) ?? 0)]),
  );
  const heads = new Map(loaded.map(({ path, head }) => [path, head.seq]));
  const { entries, holes } = owedOf(page, starts, position);
  return {
    entries: entries.filter((entry) => !isEnd(entry) && (entry.mode !== "latest" || entry.data === null)),
    holes: holes.filter(({ channel, to }) => to > (heads.get(channel) ?? 0)),
  };
}

/**
 * Loads few states at a time, and stops when there is no room for one of them, when a load fails, or when the client is
 * gone or the page is refused. So a page of many large states does not load all of them to deliver none.
 *
 * @param most how many bytes the states may have together
 * @throws Refusal 503 with the channels that have no room, and what `load` throws
 */
async function loadStates(
  { snapshots }: Pick<StateNeeds, "snapshots">,
  granted: Access["granted"],
  most: number,
  room: Pick<AnswerRoom, "gone" | "hold">,
): Promise<readonly Snapshot[]> {
  const { gone } = room;
  const limit = pLimit(MOST_LOADS);
  const loaded = new Map<string, Snapshot>();
  const forget = (): void => loaded.clear();
  let remaining = most;
  let isOver = false;
  async function loadOne(path: string, { address, grant }: Granted): Promise<void> {
    if (isOver || gone.aborted) return;
    try {
      const snapshot = await snapshots.load(address, grant.readableFrom ?? null, gone);
      if (gone.aborted) return;
      remaining -= snapshot.bytes;
      if (remaining < 0) {
        isOver = true;
        return;
      }
      loaded.set(path, snapshot);
      room.hold(snapshot);
    } catch (error) {
      isOver = true;
      throw error;
    }
  }
  // A load may hang. What the others have brought must not wait for it in memory.
  gone.addEventListener("abort", forget);
  try {
    await Promise.all(Array.from(granted, ([path, each]) => limit(() => loadOne(path, each))));
  } finally {
    gone.removeEventListener("abort", forget);
  }
  const paths = [...granted.keys()];
  const channels = paths.filter((path) => !loaded.has(path));
  if (channels.length === 0) return paths.flatMap((path) => loaded.get(path) ?? []);
  const detail = `The states together have more than ${most} bytes; ask for these channels in another request.`;
  throw new Refusal(503, "limit", { detail, channels });
}

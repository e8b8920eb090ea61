import type { Entry, Hole, Page } from "@tidings/log";
import { formatCursor, type Cursor, type ParsedRequest } from "@tidings/protocol";
import { endOf } from "./access.ts";
import { sleep } from "./clock.ts";
import type { Context } from "./context.ts";
import { gapOf, idOf } from "./frame.ts";
import { owedOf, type Start } from "./start.ts";

/** The parts of a page; events and states are JSON. */
interface Parts {
  readonly events: readonly string[];
  readonly cursor: Cursor;
  readonly more: boolean;
  readonly holes: readonly Hole[];
  readonly state?: string;
}

const DEFAULT_LAST = 50;
const BEGINNING: Cursor = { epoch: "", seq: 0 };

/**
 * Makes the `application/json` representation (PROTOCOL.md, section 6). The log keeps data as JSON, so a page is put together as
 * text: nothing is parsed to be written again.
 *
 * @param signal aborted when the client is gone
 */
export async function makePage(context: Context, asked: ParsedRequest, start: Start, signal: AbortSignal) {
  const make = asked.last > 0 || asked.before !== null ? history : forwards;
  const parts = await (asked.snapshot ? states(context, start) : make(context, asked, start, signal));
  const { events, cursor, more, holes, state } = parts;
  const { refused } = start.access;
  const rest = JSON.stringify({
    cursor: formatCursor(cursor),
    more,
    gap: holes.length > 0 ? gapOf(holes) : undefined,
    refused: refused.size > 0 ? Object.fromEntries(refused) : undefined,
  });
  return `{"events":[${events.join()}],${rest.slice(1, -1)}${state === undefined ? "" : `,"state":${state}`}}`;
}

async function history({ log, reads, page: limit }: Context, asked: ParsedRequest, { froms }: Start): Promise<Parts> {
  const n = Math.min(asked.last > 0 ? asked.last : DEFAULT_LAST, limit.entries);
  const paths = [...froms.keys()];
  /** Nothing up to here may be read. */
  const bottom = Math.min(...froms.values());
  let { before } = asked;
  const entries: Entry[] = [];
  const holes: Hole[] = [];
  let cursor: Cursor | null = null;
  let more = true;
  // Only where a viewer may not read back all the way can a page be short although there is more.
  while (more && entries.length < n) {
    const from = before ?? undefined;
    const page = await reads(() => log.recent(paths, n, from));
    cursor ??= page.next;
    before = page.entries[0] ?? null;
    more = page.more && before !== null && before.seq - 1 > bottom;
    holes.push(...page.holes);
    entries.unshift(...owedOf(page, froms, BEGINNING).entries);
  }
  let bytes = 0;
  // As many of the newest as fit; one always does.
  const left = entries.findLastIndex(({ data }, index) => {
    bytes += data?.length ?? 0;
    return bytes > limit.bytes && index < entries.length - 1;
  });
  const kept = entries.slice(Math.max(left + 1, entries.length - n));
  const events = kept.map((entry) => eventJson(entry));
  return { events, cursor: cursor ?? BEGINNING, more: more || kept.length < entries.length, holes };
}

async function forwards(context: Context, { wait }: ParsedRequest, start: Start, signal: AbortSignal): Promise<Parts> {
  const { log, reads, clock, connections, page: limit, closing } = context;
  const until = Math.min(clock.now() + wait * 1_000, endOf(start.access));
  const paths = [...start.froms.keys()];
  const current = await currentValues(context, start, start.fresh);
  for (let { cursor } = start; ;) {
    const position = cursor;
    const bell = new AbortController();
    const sleeper = { wake: () => true, pump: () => bell.abort() };
    // Before the read: what comes after it must ring.
    connections.follow(sleeper, paths);
    try {
      const page = await reads((late) => log.read(position, paths, limit, late));
      const { next, more } = page;
      const owed = owedOf(page, start.froms, position);
      const events = [...current, ...owed.entries.map((entry) => eventJson(entry))];
      // Of a channel that has both, the last is told: a start that is lost is more than what was trimmed since.
      const parts = { events, cursor: next, more, holes: [...owed.holes, ...start.holes] };
      const rest = until - clock.now();
      const isEmpty = events.length === 0 && parts.holes.length === 0 && !more;
      if (!isEmpty || rest <= 0 || signal.aborted || closing.signal.aborted) return parts;
      cursor = next;
      await sleep(clock, rest, AbortSignal.any([bell.signal, signal]));
      // The log is about to be closed; the client asks the next server from here.
      if (closing.signal.aborted) return parts;
    } finally {
      connections.unfollow(sleeper, paths);
    }
  }
}

async function states(context: Context, start: Start): Promise<Parts> {
  const { log, reads, snapshots } = context;
  const { granted } = start.access;
  const head = await reads(() => log.head());
  const loaded = await Promise.all(
    Array.from(granted.values(), ({ address, grant }) => snapshots.load(address, grant.readableFrom ?? null)),
  );
  // Positions of different epochs cannot be compared: what was loaded while the log was replaced is loaded again.
  if (loaded.some(({ cursor: { epoch } }) => epoch !== head.epoch)) return states(context, start);
  // A shared load may have begun earlier; going on from the earliest repeats events at worst.
  const cursor = loaded.reduce((earliest, each) => (each.cursor.seq < earliest.seq ? each.cursor : earliest), head);
  const events = await currentValues(context, start, [...granted.keys()]);
  const state = `{${loaded.map((each) => `${JSON.stringify(each.path)}:${each.state}`).join()}}`;
  return { events, cursor, more: false, holes: [], state };
}

/** The current values of the paths, as JSON. */
async function currentValues(context: Context, { readable }: Start, paths: readonly string[]): Promise<string[]> {
  const { log, reads, page: limit } = context;
  let values: Entry[] = [];
  let after: Cursor | null = null;
  for (let more = paths.length > 0; more;) {
    const from: Cursor | null = after;
    const page: Page = await reads(() => log.current(paths, from, limit));
    // The place where the last page ended is none any more: a failover. From the beginning, then.
    const isLost = page.holes.length > 0;
    values = isLost ? [] : [...values, ...page.entries];
    after = isLost ? null : page.next;
    more = isLost || page.more;
  }
  const shown = values.filter(({ channel, seq }) => seq > (readable.get(channel) ?? 0));
  return shown.map((entry) => eventJson(entry, null));
}

function eventJson(entry: Entry, id = idOf(entry)): string {
  const { channel, type, data, key = "" } = entry;
  const rest = JSON.stringify({ channel, type, ...(data === null ? { clear: key } : {}), id: id ?? undefined });
  return data === null ? rest : `${rest.slice(0, -1)},"data":${data}}`;
}

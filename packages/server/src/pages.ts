import type { Entry, Hole, Limit, Page } from "@tidings/log";
import { formatCursor, type Cursor, type GapReason, type ParsedRequest } from "@tidings/protocol";
import type { Access } from "./access.ts";
import type { Clock } from "./clock.ts";
import { isOwed } from "./connection.ts";
import type { Connections, Sleeper } from "./connections.ts";
import type { Snapshots } from "./snapshots.ts";
import type { Start, StartSources } from "./start.ts";

/** What pages are made from. */
export interface PageSources extends StartSources {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly snapshots: Snapshots;
  readonly limit: Limit;
  readonly isDraining: () => boolean;
}

/** The parts of a page, with the data still as the JSON that the log keeps. */
interface Parts {
  readonly events: readonly string[];
  readonly cursor: Cursor;
  readonly more: boolean;
  readonly holes?: readonly Hole[];
  readonly states?: readonly (readonly [path: string, json: string])[];
}

/**
 * Makes the `application/json` representation (PROTOCOL.md, section 6).
 * @param expiresAt when the viewer may not read any more, in milliseconds since 1970
 */
export async function makePage(
  sources: PageSources,
  asked: ParsedRequest,
  access: Access,
  start: Start,
  expiresAt: number,
  signal: AbortSignal,
): Promise<string> {
  const until = Math.min(sources.clock.now() + asked.wait * 1_000, expiresAt);
  const parts = asked.snapshot
    ? await snapshot(sources, access, start)
    : asked.last > 0 || asked.before !== null
      ? await history(sources, asked, start)
      : await forwards(sources, start, until, signal);
  return toJson(parts, access);
}

const DEFAULT_LAST = 50;

async function history({ log, reads, limit }: PageSources, asked: ParsedRequest, { froms }: Start): Promise<Parts> {
  const n = Math.min(asked.last > 0 ? asked.last : DEFAULT_LAST, limit.entries);
  const paths = [...froms.keys()];
  const readable = ({ channel, seq }: Entry): boolean => seq > (froms.get(channel) ?? Infinity);
  /** Nothing up to here may be read. */
  const bottom = Math.min(...froms.values());
  let page = await reads(() => log.recent(paths, n, asked.before ?? undefined));
  const { next: cursor, holes } = page;
  let entries = page.entries.filter(readable);
  const goesOn = (): boolean => page.more && page.entries[0] !== undefined && page.entries[0].seq - 1 > bottom;
  // Only where a viewer may not read back all the way can a page be short although there is more.
  while (goesOn() && entries.length < n) {
    const [oldest] = page.entries;
    page = await reads(() => log.recent(paths, n, oldest));
    entries = page.entries.filter(readable).concat(entries);
  }
  const kept = newest(entries, n, limit.bytes);
  return { events: kept.map(eventJson), cursor, more: kept.length < entries.length || goesOn(), holes };
}

/** As many of the newest as fit; one always does. */
function newest(entries: readonly Entry[], n: number, bytes: number): readonly Entry[] {
  let first = entries.length;
  for (let size = 0; first > 0 && entries.length - first < n; first--) {
    size += entries[first - 1]?.data?.length ?? 0;
    if (size > bytes && first < entries.length) break;
  }
  return entries.slice(first);
}

async function forwards(sources: PageSources, start: Start, until: number, signal: AbortSignal): Promise<Parts> {
  const { log, reads, clock, connections, limit, isDraining } = sources;
  const paths = [...start.froms.keys()];
  const current = await currentValues(sources, start.fresh, start);
  for (let cursor = start.cursor; ;) {
    const position = cursor;
    const bell = new Bell(connections, clock, paths);
    try {
      const page = await reads((late) => log.read(position, paths, limit, late));
      const owed = page.entries.filter(({ channel, seq }) => isOwed(start.froms, position, channel, seq));
      const holes = [
        ...start.holes,
        ...page.holes.filter(
          ({ channel, to, reason }) => reason !== "trimmed" || isOwed(start.froms, position, channel, to),
        ),
      ];
      const events = [...current.map(currentJson), ...owed.map(eventJson)];
      const rest = until - clock.now();
      if (events.length > 0 || holes.length > 0 || page.more || rest <= 0 || signal.aborted || isDraining()) {
        return { events, cursor: page.next, more: page.more, holes };
      }
      cursor = page.next;
      await bell.wait(rest, signal);
      // The log is about to be closed; the client asks the next server from here.
      if (isDraining()) return { events, cursor, more: false };
    } finally {
      bell.close();
    }
  }
}

async function snapshot(sources: PageSources, { granted }: Access, start: Start): Promise<Parts> {
  const { log, reads, snapshots } = sources;
  const head = await reads(() => log.head());
  const loaded = await Promise.all(
    Array.from(granted.values(), async ({ address, grant }) => {
      const { cursor, state } = await snapshots.load(address, grant.readableFrom ?? null);
      return { path: address.path, cursor, state };
    }),
  );
  // A shared load may have begun earlier; going on from the earliest repeats events at worst.
  const cursor = loaded.reduce((earliest, each) => (each.cursor.seq < earliest.seq ? each.cursor : earliest), head);
  const current = await currentValues(sources, [...granted.keys()], start);
  return {
    events: current.map(currentJson),
    cursor,
    more: false,
    states: loaded.map(({ path, state }) => [path, state]),
  };
}

async function currentValues(
  { log, reads, limit }: PageSources,
  paths: readonly string[],
  { readable }: Start,
): Promise<Entry[]> {
  let values: Entry[] = [];
  for (let after: Cursor | null = null, more = paths.length > 0; more;) {
    const from: Cursor | null = after;
    const page: Page = await reads(() => log.current(paths, from, limit));
    // The place where the last page ended is none any more: a failover. From the beginning, then.
    if (page.holes.length > 0) {
      values = [];
      after = null;
      continue;
    }
    values.push(...page.entries);
    ({ next: after, more } = page);
  }
  return values.filter(({ channel, seq }) => seq > (readable.get(channel) ?? 0));
}

/** Rings when entries of the paths are in the ring. */
class Bell implements Sleeper {
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #paths: readonly string[];
  #rung = false;
  #ring: () => void = () => {};

  constructor(connections: Connections, clock: Clock, paths: readonly string[]) {
    this.#connections = connections;
    this.#clock = clock;
    this.#paths = paths;
    connections.follow(this, paths);
  }

  wake(): void {}

  pump(): void {
    this.#rung = true;
    this.#ring();
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#rung || signal.aborted) return;
    const cancel = this.#clock.setTimeout(() => this.#ring(), milliseconds);
    await new Promise<void>((resolve) => {
      this.#ring = resolve;
      signal.addEventListener("abort", this.#ring);
    });
    signal.removeEventListener("abort", this.#ring);
    cancel();
  }

  close(): void {
    this.#connections.unfollow(this, this.#paths);
  }
}

/** The log keeps data as JSON, so a page is put together as text: nothing is parsed to be written again. */
function toJson({ events, cursor, more, holes = [], states }: Parts, { refused }: Access): string {
  const gap: Record<string, GapReason> = Object.create(null);
  for (const { channel, reason } of holes) gap[channel] = reason;
  const members = [
    `"events":[${events.join()}]`,
    `"cursor":${JSON.stringify(formatCursor(cursor))}`,
    `"more":${String(more)}`,
    ...(holes.length > 0 ? [`"gap":${JSON.stringify({ channels: gap })}`] : []),
    ...(refused.size > 0 ? [`"refused":${JSON.stringify(Object.fromEntries(refused))}`] : []),
    ...(states === undefined
      ? []
      : [`"state":{${states.map(([path, json]) => `${JSON.stringify(path)}:${json}`).join()}}`]),
  ];
  return `{${members.join()}}`;
}

function eventJson(entry: Entry): string {
  return entry.mode === "volatile" ? memberJson(entry, null) : memberJson(entry, formatCursor(entry));
}

function currentJson(entry: Entry): string {
  return memberJson(entry, null);
}

function memberJson({ channel, type, data, key }: Entry, id: string | null): string {
  const value = data === null ? `"clear":${JSON.stringify(key ?? "")}` : `"data":${data}`;
  const position = id === null ? "" : `,"id":${JSON.stringify(id)}`;
  return `{"channel":${JSON.stringify(channel)},"type":${JSON.stringify(type)},${value}${position}}`;
}

import type { Entry, EventLog, Hole, Limit } from "@tidings/log";
import { formatCursor, type Cursor, type GapReason, type ParsedRequest } from "@tidings/protocol";
import type { Access } from "./access.ts";
import type { Clock } from "./clock.ts";
import { isOwed } from "./connection.ts";
import type { Connections, Sleeper } from "./connections.ts";
import type { Snapshots } from "./snapshots.ts";
import type { Start } from "./start.ts";

/** What pages are made from. */
export interface PageSources {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly connections: Connections;
  readonly snapshots: Snapshots;
  readonly limit: Limit;
}

/** The parts of a page, with the data still as the JSON that the log keeps. */
interface Parts {
  readonly events: readonly string[];
  readonly cursor: Cursor;
  readonly more: boolean;
  readonly holes?: readonly Hole[];
  readonly states?: readonly (readonly [path: string, json: string])[];
}

/** Makes the `application/json` representation (PROTOCOL.md, section 6). */
export async function makePage(
  sources: PageSources,
  asked: ParsedRequest,
  access: Access,
  start: Start,
  signal: AbortSignal,
): Promise<string> {
  const parts = asked.snapshot
    ? await snapshot(sources, access)
    : asked.last > 0 || asked.before !== null
      ? await history(sources, asked, start)
      : await forwards(sources, asked.wait, start, signal);
  return toJson(parts, access);
}

const DEFAULT_LAST = 50;

async function history({ log, limit }: PageSources, asked: ParsedRequest, { froms }: Start): Promise<Parts> {
  const n = Math.min(asked.last > 0 ? asked.last : DEFAULT_LAST, limit.entries);
  const paths = [...froms.keys()];
  let page = await log.recent(paths, n, asked.before ?? undefined);
  const cursor = page.next;
  let entries: readonly Entry[] = page.entries.filter(({ channel, seq }) => seq > (froms.get(channel) ?? Infinity));
  // Only where a viewer may not read back all the way can a page be short although there is more.
  while (page.more && entries.length < n && page.entries[0] !== undefined) {
    page = await log.recent(paths, n, page.entries[0]);
    const older = page.entries.filter(({ channel, seq }) => seq > (froms.get(channel) ?? Infinity));
    entries = [...older, ...entries].slice(-n);
  }
  return { events: entries.map(eventJson), cursor, more: page.more, holes: page.holes };
}

async function forwards({ log, clock, connections, limit }: PageSources, wait: number, start: Start, signal: AbortSignal): Promise<Parts> {
  const paths = [...start.froms.keys()];
  const current = await currentValues(log, start.fresh, limit);
  const until = clock.now() + wait * 1_000;
  for (let cursor = start.cursor; ; ) {
    const bell = new Bell(connections, clock, paths);
    try {
      const page = await log.read(cursor, paths, limit);
      const owed = page.entries.filter(({ channel, seq }) => isOwed(start.froms, cursor, channel, seq));
      const holes = [
        ...start.holes,
        ...page.holes.filter(({ channel, to, reason }) => reason !== "trimmed" || isOwed(start.froms, cursor, channel, to)),
      ];
      const events = [...current.map(currentJson), ...owed.map(eventJson)];
      const rest = until - clock.now();
      if (events.length > 0 || holes.length > 0 || page.more || rest <= 0 || signal.aborted) {
        return { events, cursor: page.next, more: page.more, holes };
      }
      cursor = page.next;
      await bell.wait(rest, signal);
    } finally {
      bell.close();
    }
  }
}

async function snapshot({ log, snapshots, limit }: PageSources, { granted }: Access): Promise<Parts> {
  const head = await log.head();
  const loaded = await Promise.all(
    Array.from(granted.values(), async ({ address, grant }) => {
      const { cursor, state } = await snapshots.load(address, grant.readableFrom ?? null);
      return { path: address.path, cursor, state };
    }),
  );
  // A shared load may have begun earlier; going on from the earliest repeats events at worst.
  const cursor = loaded.reduce((earliest, each) => (each.cursor.seq < earliest.seq ? each.cursor : earliest), head);
  const current = await currentValues(log, [...granted.keys()], limit);
  return {
    events: current.map(currentJson),
    cursor,
    more: false,
    states: loaded.map(({ path, state }) => [path, state]),
  };
}

async function currentValues(log: EventLog, paths: readonly string[], limit: Limit): Promise<Entry[]> {
  const values: Entry[] = [];
  for (let after: Cursor | null = null, more = paths.length > 0; more; ) {
    const page = await log.current(paths, after, limit);
    values.push(...page.entries);
    ({ next: after, more } = page);
  }
  return values;
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
    ...(states === undefined ? [] : [`"state":{${states.map(([path, json]) => `${JSON.stringify(path)}:${json}`).join()}}`]),
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

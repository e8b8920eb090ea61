import { PROTOCOL_VERSION } from "./control.ts";
import { formatCursor, parseCursor, type Cursor } from "./cursor.ts";

/** Where a channel starts: with the connection (null), or new, from a position or from now. */
export type Start = Cursor | "now" | null;

/** What a client asks for. */
export interface EventRequest {
  /** By path. */
  readonly channels: ReadonlyMap<string, Start>;
  readonly after?: Cursor | null;
  readonly last?: number;
  /** Page only. */
  readonly before?: Cursor | null;
  /** Page only: seconds to hold an empty answer back. */
  readonly wait?: number;
  /** Page only. */
  readonly snapshot?: boolean;
}

/** What a server has read from a request. */
export interface ParsedRequest extends Required<EventRequest> {
  /** Whether the client said `protocol=1`; else it may be a native EventSource, which gives up on errors. */
  readonly speaksProtocol: boolean;
}

/** Stands for a text that is no cursor: no log has this epoch, so the answer is a gap. */
const NOWHERE: Cursor = { epoch: "", seq: 0 };
/** As much of a refused text as is said back. */
const SHOWN = 256;
const MAX_LAST = 1_000;
const MAX_WAIT = 60;

/** The query of a request, without `?`. */
export function formatQuery(request: EventRequest): string {
  const query = new URLSearchParams({ protocol: String(PROTOCOL_VERSION) });
  for (const [path, start] of request.channels) {
    query.append("channel", start === null ? path : `${path}@${start === "now" ? "now" : formatCursor(start)}`);
  }
  if (request.after) query.set("after", formatCursor(request.after));
  if (request.last !== undefined) query.set("last", String(request.last));
  if (request.before) query.set("before", formatCursor(request.before));
  if (request.wait !== undefined) query.set("wait", String(request.wait));
  if (request.snapshot === true) query.set("snapshot", "");
  return query.toString();
}

/** The JSON body of a request whose query would be too long; what is neither `channels` nor `after` stays in the query. */
export function formatBody({ channels, after }: Pick<EventRequest, "channels" | "after">): string {
  const starts = Array.from(channels, ([path, start]) => [
    path,
    start === null || start === "now" ? start : formatCursor(start),
  ]);
  return JSON.stringify({ channels: Object.fromEntries(starts), ...(after ? { after: formatCursor(after) } : {}) });
}

/**
 * Reads a request. Bad cursors are not errors but positions that no log has: the answer to them is a gap.
 *
 * @param body the parsed JSON of a POST, else null
 * @returns a sentence saying what is wrong when the request is malformed
 */
export function parseRequest(
  query: URLSearchParams,
  lastEventId: string | null,
  body: unknown,
): ParsedRequest | string {
  const asked = body === null ? channelsOfQuery(query) : channelsOfBody(body);
  if (typeof asked === "string") return asked;
  if (asked.channels.size === 0) return "Expected at least one channel, got none.";
  const last = readInteger(query, "last", 1, MAX_LAST);
  if (typeof last === "string") return last;
  const wait = readInteger(query, "wait", 0, MAX_WAIT);
  if (typeof wait === "string") return wait;
  const before = query.get("before");
  const resumed = lastEventId !== null && lastEventId !== "";
  return {
    // The same client coming back: what its address says of starts is about its first visit.
    channels: resumed ? new Map([...asked.channels.keys()].map((path) => [path, null])) : asked.channels,
    after: resumed ? cursorOf(lastEventId) : asked.after === null ? null : cursorOf(asked.after),
    last: resumed ? 0 : (last ?? 0),
    before: before === null ? null : cursorOf(before),
    wait: wait ?? 0,
    snapshot: query.has("snapshot"),
    speaksProtocol: query.get("protocol") === String(PROTOCOL_VERSION),
  };
}

interface Asked {
  readonly channels: Map<string, Start>;
  readonly after: string | null;
}

function channelsOfQuery(query: URLSearchParams): Asked | string {
  const channels = new Map<string, Start>();
  for (const text of query.getAll("channel")) {
    const at = text.indexOf("@");
    const path = at === -1 ? text : text.slice(0, at);
    if (channels.has(path)) return `Expected each channel once, got "${path.slice(0, SHOWN)}" twice.`;
    channels.set(path, at === -1 ? null : startOf(text.slice(at + 1)));
  }
  return { channels, after: query.get("after") };
}

function channelsOfBody(body: unknown): Asked | string {
  if (!isRecord(body) || !isRecord(body["channels"])) {
    return 'Expected a body like { "channels": { "rooms/lobby": null } }, got something else.';
  }
  const channels = new Map<string, Start>();
  for (const [path, start] of Object.entries(body["channels"])) {
    if (start !== null && typeof start !== "string") {
      return `Expected the start of a channel to be a cursor, "now" or null, got ${typeof start}.`;
    }
    channels.set(path, start === null ? null : startOf(start));
  }
  const after = body["after"] ?? null;
  if (after !== null && typeof after !== "string") return `Expected "after" to be a cursor, got ${typeof after}.`;
  return { channels, after };
}

function startOf(text: string): Start {
  return text === "now" ? "now" : cursorOf(text);
}

function cursorOf(text: string): Cursor {
  return parseCursor(text) ?? NOWHERE;
}

function readInteger(query: URLSearchParams, name: string, least: number, most: number): number | null | string {
  const text = query.get(name);
  if (text === null) return null;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : `Expected "${name}" to be a whole number from ${least} to ${most}.`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

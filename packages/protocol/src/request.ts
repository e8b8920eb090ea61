import { PROTOCOL_VERSION } from "./control.ts";
import { parseCursor, type Cursor } from "./cursor.ts";

/** The request of a client. Cursors are tokens. */
export interface EventRequest {
  /** By path, where a channel starts: with the connection (null), or as a new channel, at a cursor or at `now`. */
  readonly channels: ReadonlyMap<string, string | null>;
  /** Where the connection starts. */
  readonly after?: string | null;
  /** How many of the newest reliable events to get: 1 to 1,000. */
  readonly last?: number;
  /** Page only: the position before which the events are. */
  readonly before?: string | null;
  /** Page only: the seconds that the server may hold an empty answer back, 0 to 60. */
  readonly wait?: number;
  /** Page only: whether to get the state of the channels. */
  readonly snapshot?: boolean;
}

/** Where a channel starts: with the connection (null), or as a new channel, at a position or at the newest one. */
export type ChannelStart = Cursor | "now" | null;

/** A request as the server has read it; see {@link EventRequest}. */
export interface ParsedRequest {
  readonly channels: ReadonlyMap<string, ChannelStart>;
  readonly after: Cursor | null;
  /** 0 if the request has none. */
  readonly last: number;
  readonly before: Cursor | null;
  /** Seconds; 0 if the request has none. */
  readonly wait: number;
  readonly snapshot: boolean;
}

/** The position of a text that is not a cursor. No log has this epoch, so the answer is a gap. */
const NOWHERE: Cursor = { epoch: "", seq: 0 };
/** The most characters of a refused text that an answer quotes. */
const MAX_QUOTED = 256;
const MAX_LAST = 1_000;
/** Seconds. */
const MAX_WAIT = 60;
/** Characters. Proxies accept addresses of 8 KB. */
const MAX_QUERY = 7_000;

/**
 * Writes a request as a query, without `?`. If the query would be longer than `maxQuery`, `channels` and `after` become
 * the JSON body of a POST, and the query keeps the rest.
 */
export function formatRequest(
  { channels, after, ...others }: EventRequest,
  maxQuery = MAX_QUERY,
): { readonly query: string; readonly body?: string } {
  const query = new URLSearchParams({ protocol: String(PROTOCOL_VERSION) });
  for (const [name, value] of Object.entries(others)) {
    // An empty, false or zero value means the same as none. Only history has a "last": the server refuses a bad one.
    if (value || name === "last") query.set(name, value === true ? "" : String(value));
  }
  const queryOfPost = String(query);
  for (const [path, start] of channels) query.append("channel", start === null ? path : `${path}@${start}`);
  if (after) query.set("after", after);
  const queryOfGet = String(query);
  if (queryOfGet.length <= maxQuery) return { query: queryOfGet };
  const body = JSON.stringify({ channels: Object.fromEntries(channels), after: after ?? undefined });
  return { query: queryOfPost, body };
}

/**
 * Reads a request. An empty position is the same as none. A bad cursor is not an error: it becomes a position that no
 * log has, and the answer to it is a gap.
 *
 * @param body the parsed JSON of a POST, otherwise null
 * @returns a sentence that says what is wrong, if the request is malformed
 */
export function parseRequest(
  query: URLSearchParams,
  lastEventId: string | null,
  body: unknown,
): ParsedRequest | string {
  const given = body === null ? readQuery(query) : readBody(body);
  if (typeof given === "string") return given;
  // A client that reconnects repeats the address of its first request. The header says where it stands now, so the
  // starts in the address no longer count.
  const isResumed = lastEventId !== null && lastEventId !== "";
  const channels = new Map<string, ChannelStart>();
  for (const [path, start] of given.starts) {
    if (channels.has(path)) return `Expected each channel once, got "${path.slice(0, MAX_QUOTED)}" twice.`;
    channels.set(path, isResumed ? null : parseStart(start));
  }
  if (channels.size === 0) return "Expected at least one channel, got none.";
  const last = readInteger(query, "last", 1, MAX_LAST);
  if (typeof last === "string") return last;
  const wait = readInteger(query, "wait", 0, MAX_WAIT);
  if (typeof wait === "string") return wait;
  return {
    channels,
    after: parsePosition((isResumed ? lastEventId : given.after) || null),
    last: isResumed ? 0 : last,
    before: parsePosition(query.get("before") || null),
    wait,
    snapshot: query.has("snapshot"),
  };
}

/** The positions in a query or a body, as text. */
interface GivenPositions {
  readonly starts: readonly (readonly [path: string, start: string | null])[];
  readonly after: string | null;
}

function readQuery(query: URLSearchParams): GivenPositions {
  const starts = query.getAll("channel").map((text) => {
    const at = text.indexOf("@");
    return at === -1 ? ([text, null] as const) : ([text.slice(0, at), text.slice(at + 1)] as const);
  });
  return { starts, after: query.get("after") };
}

function readBody(body: unknown): GivenPositions | string {
  if (!isRecord(body) || !isRecord(body["channels"])) {
    return 'Expected a body like { "channels": { "rooms/lobby": null } }, got a body without a record of channels.';
  }
  const starts = Object.entries(body["channels"]);
  const after = body["after"] ?? null;
  const isReadable = starts.every((entry): entry is [string, string | null] => isTextOrNull(entry[1]));
  if (!isReadable || !isTextOrNull(after)) {
    return 'Expected each position of the body to be a cursor, "now" or null, got another type.';
  }
  return { starts, after };
}

function parseStart(text: string | null): ChannelStart {
  return text === "now" ? "now" : parsePosition(text);
}

function parsePosition(text: string | null): Cursor | null {
  return text === null ? null : (parseCursor(text) ?? NOWHERE);
}

/** The number; 0 if there is none; a sentence that says what is wrong. */
function readInteger(query: URLSearchParams, name: string, min: number, max: number): number | string {
  const text = query.get(name);
  if (text === null) return 0;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  return `Expected "${name}" to be a whole number from ${min} to ${max}, got "${text.slice(0, MAX_QUOTED)}".`;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

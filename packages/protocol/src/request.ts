import { PROTOCOL_VERSION } from "./control.ts";
import { parseCursor, type Cursor } from "./cursor.ts";

/** What a client asks for. Cursors are tokens. */
export interface EventRequest {
  /** By path, where a channel starts: with the connection (null), or new, from a cursor or from `now`. */
  readonly channels: ReadonlyMap<string, string | null>;
  readonly after?: string | null;
  readonly last?: number;
  /** Page only. */
  readonly before?: string | null;
  /** Page only: seconds to hold an empty answer back. */
  readonly wait?: number;
  /** Page only. */
  readonly snapshot?: boolean;
}

/** Where a channel starts: with the connection (null), or new, from a position or from now. */
export type Start = Cursor | "now" | null;

/** What a server has read from a request. */
export interface ParsedRequest {
  readonly channels: ReadonlyMap<string, Start>;
  readonly after: Cursor | null;
  /** 0 for none. */
  readonly last: number;
  readonly before: Cursor | null;
  readonly wait: number;
  readonly snapshot: boolean;
}

/** Stands for a text that is no cursor: no log has this epoch, so the answer is a gap. */
const NOWHERE: Cursor = { epoch: "", seq: 0 };
/** As much of a refused text as is said back. */
const SHOWN = 256;
const MAX_LAST = 1_000;
const MAX_WAIT = 60;
/** Proxies take addresses of 8 KB. */
const LONGEST_QUERY = 7_000;

/**
 * A request as a query, without `?`. Where that would be too long, what it asks for is the JSON body of a POST; what is neither
 * `channels` nor `after` stays in the query.
 */
export function formatRequest(
  { channels, after, ...others }: EventRequest,
  longest = LONGEST_QUERY,
): { readonly query: string; readonly body?: string } {
  const query = new URLSearchParams({ protocol: String(PROTOCOL_VERSION) });
  // What is empty, or zero, is as good as left out.
  for (const [name, value] of Object.entries(others)) if (value) query.set(name, value === true ? "" : String(value));
  const short = String(query);
  for (const [path, start] of channels) query.append("channel", start === null ? path : `${path}@${start}`);
  if (after) query.set("after", after);
  const long = String(query);
  if (long.length <= longest) return { query: long };
  return { query: short, body: JSON.stringify({ channels: Object.fromEntries(channels), after: after ?? undefined }) };
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
  const asked = body === null ? readQuery(query) : readBody(body);
  if (typeof asked === "string") return asked;
  // The same client coming back: what its address says of starts is about its first visit.
  const resumed = lastEventId !== null && lastEventId !== "";
  const channels = new Map<string, Start>();
  for (const [path, start] of asked.starts) {
    if (channels.has(path)) return `Expected each channel once, got "${path.slice(0, SHOWN)}" twice.`;
    channels.set(path, resumed ? null : start === "now" ? "now" : parsePosition(start));
  }
  if (channels.size === 0) return "Expected at least one channel, got none.";
  const last = readInteger(query, "last", 1, MAX_LAST);
  if (typeof last === "string") return last;
  const wait = readInteger(query, "wait", 0, MAX_WAIT);
  if (typeof wait === "string") return wait;
  return {
    channels,
    after: parsePosition(resumed ? lastEventId : asked.after),
    last: resumed ? 0 : last,
    before: parsePosition(query.get("before")),
    wait,
    snapshot: query.has("snapshot"),
  };
}

/** What query and body say alike, as text. */
interface Asked {
  readonly starts: readonly (readonly [path: string, start: string | null])[];
  readonly after: string | null;
}

function readQuery(query: URLSearchParams): Asked {
  const starts = query.getAll("channel").map((text) => {
    const at = text.indexOf("@");
    return at === -1 ? ([text, null] as const) : ([text.slice(0, at), text.slice(at + 1)] as const);
  });
  return { starts, after: query.get("after") };
}

function readBody(body: unknown): Asked | string {
  if (!isRecord(body) || !isRecord(body["channels"])) {
    return 'Expected a body like { "channels": { "rooms/lobby": null } }, got something else.';
  }
  const starts = Object.entries(body["channels"]);
  const after = body["after"] ?? null;
  if (!starts.every((entry): entry is [string, string | null] => isText(entry[1])) || !isText(after)) {
    return 'Expected cursors, "now" or null as positions, got something else.';
  }
  return { starts, after };
}

function parsePosition(text: string | null): Cursor | null {
  return text === null ? null : (parseCursor(text) ?? NOWHERE);
}

/** The number, 0 for none, or a sentence saying what is wrong. */
function readInteger(query: URLSearchParams, name: string, least: number, most: number): number | string {
  const text = query.get(name);
  if (text === null) return 0;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : `Expected "${name}" to be a whole number from ${least} to ${most}.`;
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

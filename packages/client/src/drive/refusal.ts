import type { Problem, ProblemCode } from "@tidings/protocol";
import type { Reason } from "../status.ts";
import { unexpected } from "../stream-error.ts";
import { foreign, type Failure } from "./failure.ts";
import { readJson } from "./read-json.ts";

/** Other servers have problem documents, too, with codes of their own. */
const CODES = new Set<unknown>([
  "bad-request",
  "bad-channel",
  "unauthenticated",
  "forbidden",
  "bad-origin",
  "unknown-channel",
  "no-snapshot",
  "bad-method",
  "not-acceptable",
  "too-large",
  "limit",
  "draining",
  "unavailable",
  "internal",
] satisfies ProblemCode[]);
const PROBLEM = /^application\/problem\+json/i;

/**
 * What follows from an answer other than 200. A hub says with a problem document why it refuses; what says anything
 * else is a proxy, or a server behind which the hub is missing, and that heals.
 * @param count how many channels were asked for
 */
export async function toRefusal(response: Response, now: number, maxBytes: number, count: number): Promise<Failure> {
  const { status, headers } = response;
  if (status === 204) {
    return { reason: "finished", error: unexpected("refused", "an answer", "204: there is nothing more") };
  }
  const retryAfter = waitOf(headers.get("retry-after"), now);
  // The server may send members of any type, so they are checked.
  const { channels, code, detail, limit } = await readJson<Problem>(response, maxBytes);
  const isOfHub = CODES.has(code) && PROBLEM.test(`${headers.get("content-type")}`);
  const paths = isOfHub && Array.isArray(channels) ? channels : undefined;
  const reason = reasonOf(status, isOfHub, paths);
  // Others have limits, too, but of something else: of requests in a minute, for example.
  const most = mostOf(status, isOfHub ? limit : undefined, count);
  if (reason === "bad-response" || !isOfHub) {
    return { ...foreign("an answer of a hub", String(status)), reason, most, retryAfter };
  }
  return {
    reason,
    error: unexpected("refused", "an answer", `${status} ${code}${detail ? `: ${detail}` : ""}`),
    // Credentials, and what is not available now, concern the request as a whole.
    channels: reason === "unavailable" || reason === "unauthenticated" ? undefined : paths,
    most,
    retryAfter,
  };
}

function reasonOf(status: number, isOfHub: boolean, paths: readonly string[] | undefined): Reason {
  if (status >= 500 || status === 408 || status === 429) {
    return "unavailable";
  }
  if (!isOfHub) {
    return "bad-response";
  }
  if (status === 401) {
    return "unauthenticated";
  }
  if (status === 403) {
    return "forbidden";
  }
  // If the URL is not found, rather than a channel, the address of the hub is wrong.
  return status === 404 && paths ? "unknown" : "rejected";
}

/** How many of `count` channels to ask for in one request. Undefined where they were not too many. */
function mostOf(status: number, limit: number | undefined, count: number): number | undefined {
  const most = Math.floor(limit ?? (status === 413 ? count / 2 : 0));
  return most > 0 && most < count ? most : undefined;
}

/** Milliseconds from a number of seconds or a date. 0 when it is neither. */
function waitOf(retryAfter: string | null, now: number): number {
  const text = retryAfter ?? "";
  const seconds = Number(text);
  const wait = Number.isNaN(seconds) ? Date.parse(text) - now : seconds * 1_000;
  return Math.max(0, wait || 0);
}

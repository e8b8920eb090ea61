import type { EventRequest, Problem, ProblemCode } from "@tidings/protocol";
import type { Failure } from "../state/ending.ts";
import type { Reason } from "../status.ts";
import { unexpected } from "../stream-error.ts";
import { foreign, isFailure } from "./failure.ts";
import { discard, readJson } from "./read-json.ts";

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
 * @param asked the channels that were asked for
 * @param hasBody whether they were in a body, so that fewer of them make the request smaller
 */
export async function toRefusal(
  response: Response,
  now: number,
  maxBytes: number,
  asked: EventRequest["channels"],
  hasBody: boolean,
): Promise<Failure> {
  const { status, headers } = response;
  if (status === 204) {
    return { reason: "finished", error: unexpected("refused", "an answer", "204: nothing more") };
  }
  const retryAfter = waitOf(headers.get("retry-after"), now);
  // The server may send members of any type, so they are checked.
  const { channels, code, detail, limit, status: said = status } = await readProblem(response, maxBytes);
  // A proxy may keep the document of a hub and answer with another status. What it means is not known then.
  const isOfHub = CODES.has(code) && said === status;
  // It may name any others, and any number of them.
  const isNamed = isOfHub && Array.isArray(channels);
  const paths = isNamed ? (channels as readonly string[]).filter((path) => asked.has(path)) : undefined;
  const reason = reasonOf(status, isOfHub, paths);
  // Others have limits, too, but of something else: of requests in a minute, for example.
  const half = status === 413 && hasBody ? asked.size / 2 : 0;
  const most = mostOf((isOfHub && limit) || half, asked.size);
  // The detail of a hub is a sentence, and becomes the end of another one.
  const got = `${status} ${code}${detail ? `: ${detail}` : ""}`.replace(/\.$/, "");
  return {
    reason,
    error: isOfHub ? unexpected("refused", "an answer", got) : foreign("an answer of a hub", `${status}`).error,
    // Credentials, and what is not available now, concern the request as a whole.
    channels: reason === "unavailable" || reason === "unauthenticated" ? undefined : paths,
    most,
    retryAfter,
  };
}

/**
 * The members of a problem document. None where the answer is something else, or is too long.
 * @throws the error of a body that breaks while it is read: that is the network's fault
 */
async function readProblem(response: Response, maxBytes: number): Promise<Partial<Problem>> {
  if (PROBLEM.test(`${response.headers.get("content-type")}`)) {
    return readJson<Problem>(response, maxBytes).catch((thrown: unknown) => {
      if (isFailure(thrown)) {
        return {};
      }
      throw thrown;
    });
  }
  discard(response);
  return {};
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
function mostOf(limit: number, count: number): number | undefined {
  const most = Math.floor(limit);
  return most > 0 && most < count ? most : undefined;
}

/** Milliseconds from a number of seconds or a date. 0 when it is neither. */
function waitOf(retryAfter: string | null, now: number): number {
  const text = retryAfter ?? "";
  const wait = Number(text) * 1_000 || Date.parse(text) - now;
  return Math.max(0, wait || 0);
}

import { MAX_PATH } from "@tidings/contract";
import { createProblem, formatControl, formatRetry, negotiate, type Problem } from "@tidings/protocol";
import { PROBLEM_HEADERS, STREAM_HEADERS } from "@tidings/protocol";
import type { HubRequest } from "../hub-options.ts";
import { queryOf } from "./query.ts";
import type { WholeResponse } from "./response.ts";

/** Seconds after which a client that was sent away should come back. */
const RETRY_AFTER = 5;

/** How many channels a problem names. A refusal must be small, whatever the request names. */
const MOST_NAMED = 10;

/** An error that is the answer to a request: an RFC 9457 problem. It names few of the channels that caused it. */
export class Refusal extends Error {
  readonly problem: Problem;

  constructor(...[status, code, details = {}]: Parameters<typeof createProblem>) {
    super(code);
    // A path that is not canonical may be as long as the body.
    const named = details.channels?.slice(0, MOST_NAMED).map((path) => path.slice(0, MAX_PATH));
    this.problem = createProblem(status, code, named === undefined ? details : { ...details, channels: named });
  }
}

/** The answer of a refusal. @param random uniform in [0, 1) */
export function refusalResponse({ problem }: Refusal, request: HubRequest, random: number): WholeResponse {
  const { status, code } = problem;
  if ((status === 429 || status >= 500) && isNativeStream(request)) {
    const bye = formatControl("bye", { reason: code === "draining" ? "draining" : "limit" });
    return { status: 200, headers: STREAM_HEADERS, body: formatRetry(longRetry(random)) + bye };
  }
  const headers: Record<string, string> = { ...PROBLEM_HEADERS };
  if (status === 429 || status === 503) headers["retry-after"] = String(RETRY_AFTER);
  if (status === 405) headers["allow"] = "GET, HEAD, POST, OPTIONS";
  return { status, headers, body: request.method === "HEAD" ? "" : JSON.stringify(problem) };
}

/**
 * The milliseconds after which a client that found no room may come back, spread out.
 * @param random uniform in [0, 1)
 */
export function longRetry(random: number): number {
  return (RETRY_AFTER + random * 2 * RETRY_AFTER) * 1_000;
}

/** Whether the client may be a native EventSource, which gives up for ever on an error status. */
function isNativeStream(request: HubRequest): boolean {
  const { method, headers } = request;
  return method === "GET" && queryOf(request).get("protocol") !== "1" && negotiate(headers.get("accept")) === "stream";
}

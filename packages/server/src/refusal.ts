import {
  createProblem,
  formatControl,
  formatRetry,
  negotiate,
  PROBLEM_HEADERS,
  STREAM_HEADERS,
  type ProblemCode,
} from "@tidings/protocol";
import type { HubRequest } from "./hub-options.ts";

/** Seconds after which a client that was sent away should come back. */
const RETRY_AFTER = 5;

/** An answer that is an error. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: ProblemCode;
  readonly #extra: { readonly detail?: string; readonly channels?: readonly string[] };

  constructor(
    status: number,
    code: ProblemCode,
    extra: { readonly detail?: string; readonly channels?: readonly string[] } = {},
  ) {
    super(extra.detail ?? code);
    this.status = status;
    this.code = code;
    this.#extra = extra;
  }

  /** The whole answer. @param random uniform in [0, 1) */
  answer(
    request: HubRequest,
    random: number,
  ): { status: number; headers: Readonly<Record<string, string>>; body: string } {
    const { status, code } = this;
    const passing = status === 429 || status >= 500;
    if (passing && isNativeStream(request)) {
      const bye = formatControl("bye", { reason: code === "draining" ? "draining" : "limit" });
      return { status: 200, headers: STREAM_HEADERS, body: formatRetry(longRetry(random)) + bye };
    }
    return {
      status,
      headers: {
        ...PROBLEM_HEADERS,
        ...(status === 429 || status === 503 ? { "retry-after": String(RETRY_AFTER) } : {}),
        ...(status === 405 ? { allow: "GET, HEAD, POST, OPTIONS" } : {}),
      },
      body: request.method === "HEAD" ? "" : JSON.stringify(createProblem(status, code, this.#extra)),
    };
  }
}

/** The milliseconds after which whoever found no room may try again, spread out. @param random uniform in [0, 1) */
export function longRetry(random: number): number {
  return (RETRY_AFTER + random * 2 * RETRY_AFTER) * 1_000;
}

/** The query of a request; any text has one. */
export function queryOf({ url }: HubRequest): URLSearchParams {
  const mark = url.indexOf("?");
  return new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
}

/** Whether the client may be a native EventSource, which gives up for ever on an error status. */
function isNativeStream(request: HubRequest): boolean {
  const { method, headers } = request;
  return method === "GET" && queryOf(request).get("protocol") !== "1" && negotiate(headers.get("accept")) === "stream";
}

/** The `code` of an error response (PROTOCOL.md, section 8; docs/errors.md says what to do about each). */
export type ProblemCode =
  | "bad-request"
  | "bad-channel"
  | "unauthenticated"
  | "forbidden"
  | "bad-origin"
  | "unknown-channel"
  | "no-snapshot"
  | "bad-method"
  | "not-acceptable"
  | "too-large"
  | "limit"
  | "draining"
  | "unavailable"
  | "internal";

/** The body of an error response: an RFC 9457 problem with a code. */
export interface Problem {
  /** `about:blank`: the status says what kind of problem it is. */
  readonly type: string;
  /** The status in words. */
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  /** A sentence about this occurrence. */
  readonly detail?: string;
  /** The paths of the channels that caused it; absent if the request itself did. */
  readonly channels?: readonly string[];
  /** If there are too many channels, how many one request may have. */
  readonly limit?: number;
}

type Details = Pick<Problem, "detail" | "channels" | "limit">;

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  413: "Content Too Large",
  414: "URI Too Long",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/**
 * Creates a problem.
 *
 * @param status the HTTP status
 * @param details what the problem says about this occurrence
 */
export function createProblem(status: number, code: ProblemCode, details: Details = {}): Problem {
  return { type: "about:blank", title: TITLES[status] ?? "Error", status, code, ...details };
}

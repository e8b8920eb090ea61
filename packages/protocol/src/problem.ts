/** The `code` of an error response (PROTOCOL.md, section 8). */
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

/** An RFC 9457 problem. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail?: string;
  /** The channels it is about, where it is not about the request. */
  readonly channels?: readonly string[];
}

type Details = Pick<Problem, "detail" | "channels">;

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

/** @param about what it says besides */
export function createProblem(status: number, code: ProblemCode, about: Details = {}): Problem {
  return { type: "about:blank", title: TITLES[status] ?? "Error", status, code, ...about };
}

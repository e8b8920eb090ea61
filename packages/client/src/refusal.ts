import type { Problem } from "@tidings/protocol";
import type { Reason } from "./status.ts";
import { StreamError } from "./stream-error.ts";

/** An answer that is no success: what the server said, as far as it could be read. */
export class Refusal extends Error {
  readonly status: number;
  readonly problem: Partial<Problem>;
  /** Milliseconds. */
  readonly retryAfter: number;

  constructor(status: number, problem: Partial<Problem>, retryAfter: number) {
    super();
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get reason(): Reason {
    const { status } = this;
    if (status === 204) return "finished";
    if (status === 401) return "unauthenticated";
    if (status === 403) return "forbidden";
    if (status === 404) return "unknown";
    return status === 408 || status === 429 || status >= 500 ? "unavailable" : "rejected";
  }

  /** @param expected what the request was for */
  toError(expected: string): StreamError {
    const { code, detail, title } = this.problem;
    const said = [code, detail ?? title].filter((text) => text !== undefined).join(": ");
    return new StreamError("refused", `Expected ${expected}, got status ${this.status}${said && ` (${said})`}.`, {
      cause: this,
    });
  }
}

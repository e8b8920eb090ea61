import type { Reason } from "../status.ts";
import type { StreamError } from "../stream-error.ts";

/** How an attempt ended, on the stream or at a page. What follows from it is the table in state/retry.ts. */
export interface Ending {
  readonly reason: Reason;
  /** The paths that it refuses, where it does not speak of the request as a whole. */
  readonly channels?: readonly string[] | undefined;
  /** How many channels one request may have, where this one had too many. */
  readonly most?: number | undefined;
  /** Milliseconds that the server wants to be left alone. */
  readonly retryAfter?: number;
  /** Milliseconds until the next attempt, where that is settled already. */
  readonly pause?: number;
  /** Uniform in [0, 1): those who have failed together try again together. */
  readonly random?: number | undefined;
  /** What went wrong, for a developer. */
  readonly error?: StreamError | undefined;
}

/** An ending with an error. */
export interface Failure extends Ending {
  readonly error: StreamError;
}

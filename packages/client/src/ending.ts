import type { Reason } from "./status.ts";
import { StreamError, type StreamErrorCode } from "./stream-error.ts";

/** How an attempt ended, on the stream or at a page. Requests throw it; what follows from it is the table in retry.ts. */
export interface Ending {
  readonly reason: Reason;
  /** What it speaks of, where it does not speak of the request as a whole. */
  readonly channels?: readonly string[] | undefined;
  /** Milliseconds that the server wants to be left alone. */
  readonly retryAfter?: number;
}

/** An ending that is an error, too. A code that is no reason comes with one. */
export function failure(
  code: StreamErrorCode,
  expected: string,
  got: string,
  about: Partial<Ending> & ErrorOptions = {},
): StreamError & Ending {
  const error = new StreamError(code, `Expected ${expected}, got ${got}.`, about);
  return Object.assign(error, { reason: code as Reason, ...about });
}

/** What is no ending yet is what the parser throws at a limit, or a fetch while it reads. */
export function toEnding(thrown: unknown): Ending {
  if (thrown instanceof StreamError && "reason" in thrown) return thrown as StreamError & Ending;
  return thrown instanceof RangeError
    ? failure("event-too-large", `"maxEventBytes" to do`, thrown.message, { reason: "bad-response", cause: thrown })
    : failure("network", "an answer", "a broken one", { cause: thrown });
}

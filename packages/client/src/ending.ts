import type { Reason } from "./status.ts";
import { StreamError, type StreamErrorCode } from "./stream-error.ts";

interface EndingDetails {
  /** What it speaks of, where it does not speak of the request as a whole. */
  readonly channels?: readonly string[];
  /** Milliseconds that the server wants to be left alone. */
  readonly retryAfter?: number;
}

/** How an attempt ended, on the stream or at a page. Requests throw it; what follows from it is the table in retry.ts. */
export class Ending extends Error {
  readonly reason: Reason;
  /** What to tell a program; byes and the like are no errors. */
  readonly error: StreamError | null;
  readonly about: EndingDetails;

  constructor(reason: Reason, error: StreamError | null = null, about: EndingDetails = {}) {
    super(error?.message);
    this.reason = reason;
    this.error = error;
    this.about = about;
  }
}

/** An ending that is an error, too. */
export function failure(reason: Reason, code: StreamErrorCode, message: string, cause?: unknown): Ending {
  return new Ending(reason, new StreamError(code, message, { cause }));
}

/** What is no ending yet is what a fetch throws while it reads. */
export function toEnding(thrown: unknown): Ending {
  if (thrown instanceof Ending) return thrown;
  return failure("network", "network", "Expected an answer to its end, got a broken connection.", thrown);
}

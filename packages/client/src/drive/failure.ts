import type { Ending } from "../state/ending.ts";
import type { Reason } from "../status.ts";
import { StreamError, type StreamErrorCode } from "../stream-error.ts";

/** An ending with an error. */
export interface Failure extends Ending {
  readonly error: StreamError;
}

export function failure(
  reason: Reason,
  code: StreamErrorCode,
  expected: string,
  got: string,
  options?: ErrorOptions,
): Failure {
  return { reason, error: new StreamError(code, `Expected ${expected}, got ${got}.`, options) };
}

/** Makes an ending of what was thrown: one of ours, an error of the parser at a limit, or one of a fetch. */
export function toFailure(thrown: unknown): Failure {
  const { error } = Object(thrown) as Partial<Failure>;
  if (error instanceof StreamError) {
    return thrown as Failure;
  }
  const options = { cause: thrown };
  return thrown instanceof RangeError
    ? failure("bad-response", "event-too-large", 'events within "maxEventBytes"', "more", options)
    : failure("network", "network", "an answer", "a broken one", options);
}

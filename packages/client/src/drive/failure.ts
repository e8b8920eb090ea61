import type { Ending } from "../state/ending.ts";
import type { Reason } from "../status.ts";
import { StreamError, textOf, unexpected, type StreamErrorCode } from "../stream-error.ts";

/** An ending with an error. */
export interface Failure extends Ending {
  readonly error: StreamError;
}

/** A failure whose reason and error have the same name. */
export function failure(
  reason: Reason & StreamErrorCode,
  expected: string,
  got: string,
  options?: ErrorOptions,
): Failure {
  return { reason, error: unexpected(reason, expected, got, options) };
}

/** A mistake of the developer, which no other attempt heals. */
export function badOption(expected: string, got: string, options?: ErrorOptions): Failure {
  return failure("bad-option", expected, got, options);
}

/** An answer that does not come from a hub. */
export function foreign(expected: string, got: string): Failure {
  return failure("bad-response", expected, `${got}; check "url"`);
}

/**
 * Makes a failure of what was thrown: one of ours, an error of the parser at a limit, or one of a fetch.
 * @param isOnline what the runtime says. It may be wrong, so it is asked only when something has failed
 */
export function toFailure(thrown: unknown, isOnline: boolean): Failure {
  const { error } = Object(thrown) as Partial<Failure>;
  if (error instanceof StreamError) {
    return thrown as Failure;
  }
  const options = { cause: thrown };
  if (thrown instanceof RangeError) {
    return { reason: "bad-response", error: new StreamError("event-too-large", thrown.message, options) };
  }
  const lost = failure("network", "an answer", `${textOf(thrown)}; check network, "url" and CORS`, options);
  return isOnline ? lost : { ...lost, reason: "offline" };
}

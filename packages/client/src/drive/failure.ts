import { textOf } from "@tidings/protocol/call-safely";
import type { Failure } from "../state/ending.ts";
import type { Reason } from "../status.ts";
import { StreamError, unexpected, type StreamErrorCode } from "../stream-error.ts";

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

/** What this runtime lacks. */
export function missing(name: string): Failure {
  return badOption(`this runtime to have "${name}"`, "none");
}

/** An answer that does not come from a hub. */
export function foreign(expected: string, got: string): Failure {
  return failure("bad-response", expected, `${got}; check "url"`);
}

/** An answer with more bytes than it may have. */
export function tooLarge(most: number): Failure {
  return { reason: "bad-response", error: unexpected("event-too-large", `at most ${most} bytes an answer`, "more") };
}

/** Whether what was thrown is one of ours. */
export function isFailure(thrown: unknown): thrown is Failure {
  const { error } = Object(thrown) as Partial<Failure>;
  return error instanceof StreamError;
}

/**
 * Makes a failure of what was thrown: one of ours, or the error of a fetch.
 * @param isOnline what the runtime says. It may be wrong, so it is asked only when something has failed
 */
export function toFailure(thrown: unknown, isOnline: boolean): Failure {
  if (isFailure(thrown)) {
    return thrown;
  }
  if (!globalThis.TextDecoder) {
    return missing("TextDecoder");
  }
  const lost = failure(
    "network",
    "an answer",
    `${textOf(thrown)}; check network, "url", CORS and Content-Security-Policy`,
    { cause: thrown },
  );
  return isOnline ? lost : { ...lost, reason: "offline" };
}

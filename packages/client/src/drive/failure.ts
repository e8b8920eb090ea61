import type { Reason } from "../status.ts";
import type { Ending } from "../state/ending.ts";
import { StreamError, type StreamErrorCode } from "../stream-error.ts";

/** An ending that is an error, too. A code that is no reason comes with one in `about`. */
export function failure(
  code: StreamErrorCode,
  expected: string,
  got: string,
  about: Partial<Ending> & ErrorOptions = {},
): StreamError & Ending {
  const error = new StreamError(code, `Expected ${expected}, got ${got}.`, about);
  return Object.assign(error, { reason: code as Reason, ...about });
}

/** Makes an ending of an error that the parser throws at a limit, or that a fetch throws while it reads. */
export function toEnding(thrown: unknown): Ending {
  if (thrown instanceof StreamError && "reason" in thrown) {
    return thrown as StreamError & Ending;
  }
  return thrown instanceof RangeError
    ? failure("event-too-large", 'events within "maxEventBytes"', "more", { reason: "bad-response", cause: thrown })
    : failure("network", "an answer", "a broken one", { cause: thrown });
}

import { callAndCatch, callSafely, textOf } from "@tidings/protocol/call-safely";
import { StreamError } from "../stream-error.ts";

/**
 * Calls a handler, which may fail now or later. What it returns is not awaited: a slow handler must not hold up the
 * others.
 *
 * @param path its address. The text of an error is made when there is one: an event must not pay for it
 */
export function callHandler(
  name: string,
  path: string,
  call: () => unknown,
  onError: (error: StreamError) => void,
): void {
  const onFailure = (cause: unknown) => {
    const error = new StreamError("handler-failed", `${name} of ${path} failed: ${textOf(cause)}`, { cause });
    callSafely(() => onError(error));
  };
  callAndCatch(call, onFailure);
}

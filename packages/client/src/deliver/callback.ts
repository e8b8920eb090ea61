import { callAndCatch, callSafely } from "@tidings/protocol/call-safely";
import { StreamError, textOf } from "../stream-error.ts";

/**
 * Calls a handler, which may fail now or later. What it returns is not awaited: a slow handler must not hold up the
 * others.
 *
 * @param label names the handler in the error
 */
export function callHandler(label: string, call: () => unknown, onError: (error: StreamError) => void): void {
  const onFailure = (cause: unknown) => {
    const error = new StreamError("handler-failed", `${label} failed: ${textOf(cause)}`, { cause });
    callSafely(() => onError(error));
  };
  callAndCatch(call, onFailure);
}

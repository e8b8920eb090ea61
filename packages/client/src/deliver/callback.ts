import { StreamError } from "../stream-error.ts";

/**
 * Calls a function of the application. What it throws is reported by the runtime, as with any event listener, and ends
 * nothing here.
 */
export function callSafely(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/**
 * Calls a handler, which may fail now or later. What it returns is not awaited: a slow handler must not hold up the
 * others.
 *
 * @param label names the handler in the error
 */
export function callHandler(label: string, call: () => unknown, onError: (error: StreamError) => void): void {
  const onFailure = (cause: unknown) => {
    const error = new StreamError("handler-failed", `${label} failed: ${String(cause)}`, { cause });
    callSafely(() => onError(error));
  };
  try {
    // Most handlers return nothing, and need no promise.
    (call() as Partial<PromiseLike<unknown>> | null | undefined)?.then?.(undefined, onFailure);
  } catch (cause) {
    onFailure(cause);
  }
}

import { StreamError, textOf } from "../stream-error.ts";

/**
 * Calls a function of the application, which may fail now or later. The runtime reports that, as of any event listener:
 * it ends nothing here, and no process.
 */
export function callSafely(call: () => unknown): void {
  const { reportError = console.error } = globalThis as { readonly reportError?: (error: unknown) => void };
  callAndCatch(call, (error) => reportError(error));
}

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

function callAndCatch(call: () => unknown, onFailure: (cause: unknown) => void): void {
  try {
    // Most functions return nothing, and need no promise.
    (call() as Partial<PromiseLike<unknown>> | null | undefined)?.then?.(undefined, onFailure);
  } catch (cause) {
    onFailure(cause);
  }
}

import { StreamError } from "./stream-error.ts";

/**
 * Calls what the application gave. What it throws is the runtime's to report, as with any event listener, and ends nothing here.
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

/** Calls what may fail now or later. What it returns is not awaited: a slow handler must not hold up the others. */
export function callHandler(label: string, call: () => unknown, onError: (error: StreamError) => void): void {
  const report = (cause: unknown) =>
    callSafely(() => onError(new StreamError("handler-failed", `${label} failed: ${String(cause)}`, { cause })));
  try {
    Promise.resolve(call()).catch(report);
  } catch (cause) {
    report(cause);
  }
}

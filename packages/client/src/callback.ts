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
  // Async, so that a throw is a rejection, too; that of `onError` is then the runtime's to report.
  (async () => call())().catch((cause: unknown) =>
    onError(new StreamError("handler-failed", `${label} failed: ${String(cause)}`, { cause })),
  );
}

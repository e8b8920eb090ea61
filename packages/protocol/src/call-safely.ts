/**
 * Calls a function of the application, which may fail now or later. The runtime reports that, as of any event listener:
 * it ends nothing here, and no process.
 */
export function callSafely(call: () => unknown): void {
  const { reportError = console.error } = globalThis as { readonly reportError?: (error: unknown) => void };
  callAndCatch(call, (error) => reportError(error));
}

/** Calls a function of the application, and passes on what it throws, now or later. */
export function callAndCatch(call: () => unknown, onFailure: (cause: unknown) => void): void {
  try {
    // Most functions return nothing, and need no promise.
    (call() as Partial<PromiseLike<unknown>> | null | undefined)?.then?.(undefined, onFailure);
  } catch (cause) {
    onFailure(cause);
  }
}

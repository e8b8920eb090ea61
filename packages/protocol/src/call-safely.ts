/** What reports errors. The contract is compiled without the types of browsers and of Node. */
interface Runtime {
  readonly console: { readonly error: (error: unknown) => void };
  readonly reportError?: (error: unknown) => void;
}

/**
 * Calls a function of the application, which may fail now or later. The runtime reports that, as of any event listener:
 * it ends nothing here, and no process.
 */
export function callSafely(call: () => unknown): void {
  const { console, reportError = console.error } = globalThis as unknown as Runtime;
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

/** What was thrown, as a text. Anything can be thrown, also what has no text. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "no text";
  }
}

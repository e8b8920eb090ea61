import { parseCursor, type Cursor } from "@tidings/protocol";
import { checkMethods, checkObject } from "@tidings/protocol/checks";

/** What a call of `events` may add. */
export interface ReaderOptions {
  /**
   * Where the loop begins: after the `cursor` of an item. Null begins with the oldest event that the log has. Undefined
   * is refused: a job whose database has no position yet would miss what was published before.
   * @default from now on: with the first event that this hub publishes after the call, and with those of other
   *   processes from the moment on when the log has answered. An address that has ended before gives its end
   */
  readonly after?: string | null;
  /** Ends the loop at once when it is aborted, also while it waits. @default only `hub.close()` and `break` end it */
  readonly signal?: AbortSignal;
}

/** @throws TypeError for an unknown key, a value of another type, or an `after` without a value */
export function checkReaderOptions(options: ReaderOptions): void {
  checkObject("the options of events", options, ["after", "signal"]);
  if ("after" in options && options.after === undefined) {
    const how = "leave it out to begin from now on";
    throw new TypeError(`Expected "after" to be the cursor of an item, or null, got undefined; ${how}.`);
  }
  // The controller in place of its signal would fail only when the loop begins, where nobody gets the error.
  if (options.signal !== undefined) checkMethods("signal", options.signal, ["addEventListener"]);
}

/** @throws TypeError for a text that is not a cursor: to begin anywhere else would lose events */
export function parseAfter(after: string): Cursor {
  // Programs without types may pass a number.
  const cursor = typeof after === "string" ? parseCursor(after) : null;
  if (cursor !== null) return cursor;
  throw new TypeError(`Expected "after" to be the cursor of an item, or null, got ${JSON.stringify(after)}.`);
}

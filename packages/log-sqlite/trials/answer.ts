/** A call of one of the log's methods in another process. */
export interface Call {
  /** Above 0. */
  readonly number: number;
  readonly method: "append" | "read" | "head" | "trim";
  readonly values: unknown[];
}

/** The answer to the call with the same number, or a message with one of the numbers below. */
export interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly failure?: string;
}

/** The log is open. */
export const READY = 0;
/** The log has woken a watcher. */
export const WAKE = -1;

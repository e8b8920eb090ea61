/**
 * What happened, for operators. It never holds headers, query strings or event data, so nothing secret can leak through it; but
 * `error` is what the application's own functions or the log threw, as it is.
 */
export interface TraceRecord {
  readonly level: "debug" | "warn" | "error";
  /** One of a closed list, for filters. */
  readonly event:
    | "publish"
    | "ring"
    | "write"
    | "connect"
    | "disconnect"
    | "refuse"
    | "gap"
    | "retention"
    | "read-failed"
    | "trim-failed"
    | "hook-failed"
    | "request-failed";
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly connection?: number;
  readonly viewer?: string;
  readonly channel?: string;
  readonly type?: string;
  /** A cursor. */
  readonly id?: string;
  readonly detail?: string;
  readonly error?: unknown;
}

/** A record as its author writes it; the trace adds the time. */
export type TraceEntry = Omit<TraceRecord, "at">;

/** Passes records on, debug ones only when asked for. */
export class Trace {
  readonly debugging: boolean;
  readonly #now: () => number;
  readonly #onLog: (record: TraceRecord) => void;

  constructor(debug: boolean, now: () => number, onLog: ((record: TraceRecord) => void) | undefined) {
    this.debugging = debug;
    this.#now = now;
    this.#onLog = onLog ?? toConsole;
  }

  /** Costs a property read unless `debug` is on: write `if (trace.debugging) trace.add(…)` where an event passes. */
  add(entry: TraceEntry): void {
    if (entry.level === "debug" && !this.debugging) return;
    const record = { at: this.#now(), ...entry };
    try {
      this.#onLog(record);
    } catch (error) {
      // Whoever keeps the records must not stop the events.
      toConsole(record);
      toConsole({ at: record.at, level: "error", event: "hook-failed", detail: "onLog", error });
    }
  }

  /** Runs a hook of the application; its failure is the application's, and is reported. */
  guard(detail: string, hook: () => unknown): void {
    const report = (error: unknown): void => this.add({ level: "error", event: "hook-failed", detail, error });
    try {
      // A hook may be asynchronous, though nobody waits for it.
      Promise.resolve(hook()).catch(report);
    } catch (error) {
      report(error);
    }
  }
}

function toConsole({ level, event, at: _at, ...rest }: TraceRecord): void {
  console[level](`tidings: ${event}`, rest);
}

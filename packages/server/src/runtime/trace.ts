import type { NewEntry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { createReportLimit } from "./report-limit.ts";

/**
 * What happened, for operators. It never holds headers, query strings or event data, so nothing secret can leak through
 * it; but `error` is exactly what the application's own functions or the log have thrown.
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
    | "memory-log"
    | "read-failed"
    | "rules-failed"
    | "trim-failed"
    | "lease"
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
  /** How many errors with this `event` and `detail` were left out since the last one: ten in a minute are reported. */
  readonly omitted?: number;
}

/** The most errors of one kind that are reported in a minute: a hook may fail for each of thousands of readers. */
const MOST_ERRORS = 10;

/** Whom or what a record is about. */
type About = Omit<TraceRecord, "level" | "event" | "at" | "omitted">;

interface TraceOptions {
  readonly debug?: boolean | undefined;
  readonly onLog?: ((record: TraceRecord) => unknown) | undefined;
}

/** What the parts of a hub report to. */
export interface Trace {
  add(level: TraceRecord["level"], event: TraceRecord["event"], about: About): void;
  /** Reports that an entry has reached a stage of its way. Does almost nothing unless `debug` is on. */
  stage(event: "publish" | "ring" | "write", entry: NewEntry, cursor: Cursor, about?: About): void;
  /** Runs what may fail, asynchronous or not, and reports its failure. Never rejects. */
  guard(event: TraceRecord["event"], task: () => unknown, about?: About): Promise<void>;
}

/** Passes records on to `onLog`; debug records only when `debug` is on. */
export function createTrace(
  { debug = false, onLog = toConsole }: TraceOptions,
  clock: Pick<Clock, "now" | "monotonic">,
): Trace {
  const limit = createReportLimit(MOST_ERRORS, clock);

  function add(level: TraceRecord["level"], event: TraceRecord["event"], about: About): void {
    if (level === "debug" && !debug) return;
    const omitted = level === "error" ? limit(`${event} ${about.detail}`) : 0;
    if (omitted === null) return;
    void passOn({ level, event, at: clock.now(), ...about, ...(omitted > 0 && { omitted }) });
  }

  /** A receiver that throws or rejects must neither stop the events nor end the process. */
  async function passOn(record: TraceRecord): Promise<void> {
    try {
      await onLog(record);
    } catch (error) {
      toConsole(record);
      toConsole({ at: record.at, level: "error", event: "hook-failed", detail: "onLog", error });
    }
  }

  return {
    add,

    stage(event, { channel, type }, cursor, about = {}) {
      if (debug) add("debug", event, { ...about, channel, type, id: formatCursor(cursor) });
    },

    async guard(event, task, about = {}) {
      try {
        await task();
      } catch (error) {
        add("error", event, { ...about, error });
      }
    },
  };
}

/** Never throws. The console reads what the application has thrown, and that may throw, too, as a getter does. */
function toConsole({ level, event, at: _at, ...rest }: TraceRecord): void {
  try {
    console[level](`tidings: ${event}`, rest);
  } catch {
    printWithoutError(level, event, rest);
  }
}

function printWithoutError(level: TraceRecord["level"], event: TraceRecord["event"], about: About): void {
  try {
    console[level](`tidings: ${event}`, { ...about, error: "an error that cannot be printed" });
  } catch {
    // The console itself is broken, and there is nobody else to tell.
  }
}

import type { Contract } from "@tidings/contract";
import type { NewEntry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { HubOptions, Viewer } from "./hub-options.ts";

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

/** Whom or what a record is about. */
type About = Omit<TraceRecord, "level" | "event" | "at">;
type TraceOptions = Pick<HubOptions<Contract, Viewer>, "debug" | "onLog">;

/** Passes records on, debug ones only when asked for. */
export function createTrace({ debug = false, onLog = toConsole }: TraceOptions, clock: Clock) {
  function add(level: TraceRecord["level"], event: TraceRecord["event"], about: About): void {
    if (level === "debug" && !debug) return;
    const record = { level, event, at: clock.now(), ...about };
    try {
      onLog(record);
    } catch (error) {
      // Whoever keeps the records must not stop the events.
      toConsole(record);
      toConsole({ at: record.at, level: "error", event: "hook-failed", detail: "onLog", error });
    }
  }

  return {
    add,

    /** An event has passed a station of its way. Costs a look unless `debug` is on. */
    passed(event: "publish" | "ring" | "write", { channel, type }: NewEntry, place: Cursor, about: About = {}): void {
      if (debug) add("debug", event, { ...about, channel, type, id: formatCursor(place) });
    },

    /** Runs what may fail, say a hook of the application, asynchronous or not, and reports its failure. */
    async guard(event: TraceRecord["event"], task: () => unknown, about: About = {}): Promise<void> {
      try {
        await task();
      } catch (error) {
        add("error", event, { ...about, error });
      }
    },
  };
}

function toConsole({ level, event, at: _at, ...rest }: TraceRecord): void {
  console[level](`tidings: ${event}`, rest);
}

import { callSafely } from "./deliver/callback.ts";
import type { Settings, TraceRecord } from "./options.ts";

/** Tells developers what happened. */
export interface Trace {
  /** Only with `debug`. */
  debug(event: TraceRecord["event"], about: About): void;
  /** Also without `debug` where somebody develops. In production nobody could do anything about a warning. */
  warn(event: TraceRecord["event"], about: About): void;
}

type About = Omit<TraceRecord, "level" | "event" | "at">;

export function createTrace({ debug, onLog, clock }: Pick<Settings, "debug" | "onLog" | "clock">): Trace {
  function add(level: TraceRecord["level"], event: TraceRecord["event"], about: About): void {
    callSafely(() => onLog({ level, event, at: clock.now(), ...about }));
  }
  return {
    debug(event, about) {
      if (debug) {
        add("debug", event, about);
      }
    },
    warn(event, about) {
      if (debug || isDevelopment()) {
        add("warn", event, about);
      }
    },
  };
}

/** Whether the page is served from the developer's own machine. */
function isDevelopment(): boolean {
  const { location } = globalThis as { location?: { hostname?: string } };
  return /^(localhost|127\.0\.0\.1)$/.test(`${location?.hostname}`);
}

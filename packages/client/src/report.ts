import type { Clock } from "@tidings/protocol/clock";
import type { Ending } from "./state/ending.ts";
import type { StreamError } from "./stream-error.ts";

/** Milliseconds until the same kind of failure is reported again. */
const PAUSE = 60_000;

/** Reports why something has failed, the first time and then once a minute. */
export type Report = (ending: Pick<Ending, "reason" | "error">) => void;

interface ReportNeeds {
  readonly clock: Pick<Clock, "now">;
  readonly onError: (error: StreamError) => void;
}

/** What all requests of a client report to: many of them may fail for the same reason. */
export function createReport({ clock, onError }: ReportNeeds): Report {
  const reportedAt = new Map<string, number>();
  /** A later subscription may get the same error with another reason. */
  const reported = new WeakSet<StreamError>();
  return ({ reason, error }) => {
    // A stream that has finished is no failure.
    if (!error || reason === "finished" || reported.has(error)) {
      return;
    }
    const kind = `${reason} ${error.code}`;
    const now = clock.now();
    const last = reportedAt.get(kind) ?? -Infinity;
    // The absolute difference: a clock that was set back must not silence it until it has caught up.
    if (Math.abs(now - last) >= PAUSE) {
      reportedAt.set(kind, now);
      reported.add(error);
      onError(error);
    }
  };
}

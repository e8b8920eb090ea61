import type { Clock } from "@tidings/protocol/clock";
import type { Trace } from "./trace.ts";

/** Why the application's own answer refuses a request. */
type RefusalReason = "unauthenticated" | "forbidden" | "unknown";

/** Reports refusals, so that a developer sees why a page gets nothing. */
export interface Refusals {
  /** Counts a refusal, and reports it unless one with this reason was reported within the last minute. */
  add(reason: RefusalReason, about?: { readonly viewer: string; readonly channel: string }): void;
}

interface RefusalNeeds {
  readonly clock: Pick<Clock, "monotonic">;
  readonly trace: Pick<Trace, "add">;
}

/** Milliseconds between two reports with one reason. Otherwise strangers could fill the log with reports. */
const INTERVAL = 60_000;

const ADVICE: Readonly<Record<RefusalReason, string>> = {
  unauthenticated: "authenticate knows nobody. If somebody was signed in, check what it reads: a cookie or a header",
  forbidden: "authorize has refused. If this viewer may read, check that it returns true or a grant in every case",
  unknown: "The contract has no such channel. Check whether server and client have the same contract",
};

export function createRefusals({ clock, trace }: RefusalNeeds): Refusals {
  const reported = new Map<RefusalReason, { readonly at: number; since: number }>();

  return {
    add(reason, about) {
      const last = reported.get(reason);
      const now = clock.monotonic();
      if (last !== undefined && now - last.at < INTERVAL) {
        last.since++;
        return;
      }
      reported.set(reason, { at: now, since: 0 });
      const others = last === undefined || last.since === 0 ? "" : ` Since the last report: ${last.since} more.`;
      trace.add("warn", "refuse", { ...about, detail: `${reason}: ${ADVICE[reason]}.${others}` });
    },
  };
}

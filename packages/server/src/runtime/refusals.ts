import type { Clock } from "@tidings/protocol/clock";
import { createReportLimit } from "./report-limit.ts";
import type { Trace } from "./trace.ts";

/** Why a request is refused by what the application has said: its hooks, its contract or its options. */
type RefusalReason = "bad-host" | "bad-origin" | "unauthenticated" | "forbidden" | "unknown";

/** Reports refusals, so that a developer sees why a page gets nothing. */
export interface Refusals {
  /** Counts a refusal, and reports it unless one with this reason was reported within the last minute. */
  add(reason: RefusalReason, about?: { readonly viewer: string; readonly channel: string }): void;
}

interface RefusalNeeds {
  readonly clock: Pick<Clock, "monotonic">;
  readonly trace: Pick<Trace, "add">;
}

// Without the origin and the host: strangers write them.
const ADVICE: Readonly<Record<RefusalReason, string>> = {
  "bad-host":
    "A request names a host that is not in the hub's hosts. If readers reach the hub there, or a proxy sends that " +
    "name, add it",
  "bad-origin":
    "A page of another origin has asked. If it may read, name its origin in the hub's cors: the headers of a CORS " +
    "middleware are not enough. If it is a page of this server, let the proxy in front keep the Host header",
  unauthenticated: "authenticate knows nobody. If somebody was signed in, check what it reads: a cookie or a header",
  forbidden: "authorize has refused. If this viewer may read, check that it returns true or a grant in every case",
  unknown: "The contract has no such channel. Check whether server and client have the same contract",
};

export function createRefusals({ clock, trace }: RefusalNeeds): Refusals {
  // Otherwise strangers could fill the log with reports.
  const limit = createReportLimit(1, clock);

  return {
    add(reason, about) {
      const omitted = limit(reason);
      if (omitted === null) return;
      const others = omitted === 0 ? "" : ` Since the last report: ${omitted} more.`;
      trace.add("warn", "refuse", { ...about, detail: `${reason}: ${ADVICE[reason]}.${others}` });
    },
  };
}

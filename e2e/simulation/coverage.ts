/** How often what happened. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times);
  }

  merge(other: Iterable<readonly [string, number]>): void {
    for (const [what, times] of other) this.add(what, times);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  entries(): [string, number][] {
    return [...this.#counts];
  }
}

/** What has to have happened, or the run has proved nothing about it. */
const expected = {
  faults: [
    "connection held",
    "frame in parts",
    "connection cut",
    "half-open connection",
    "bytes twice",
    "offline",
    "doorbell lost",
    "doorbell late",
    "doorbell spurious",
    "read slow",
    "read stale",
    "read failing",
    "append slow",
    "append refused",
    "append unheard",
    "state late",
    "state old",
    "restart",
    "crash",
    "failover",
    "reset",
    "clock jump",
    "right taken",
    "right given",
    "disconnect",
    "credentials that end",
  ],
  outcomes: [
    "acked",
    "event",
    "state",
    "cleared",
    "gap trimmed",
    "gap lost",
    "gap reset",
    "resume",
    "dedupe at the log",
    "socket full",
    "closed forbidden",
    "closed gap-loop",
  ],
} as const;

export const lacking = (counts: Counts): string[] =>
  [...expected.faults, ...expected.outcomes].filter((what) => counts.of(what) === 0);

export function coverageTable(counts: Counts): string {
  const line = (what: string): string => `  ${what.padEnd(24)}${counts.of(what).toLocaleString("en").padStart(14)}`;
  return ["faults", ...expected.faults.map(line), "what came of them", ...expected.outcomes.map(line)].join("\n");
}

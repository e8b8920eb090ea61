/** How often each thing happened. */
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

/** A run proves something only about what has happened in it, so all of these have to happen. */
const expected = {
  faults: [
    "connection held",
    "streams kept by a proxy",
    "frame in parts",
    "connection cut",
    "half-open connection",
    "bytes twice",
    "bytes twice, and a failover",
    "offline",
    "doorbell lost",
    "doorbell late",
    "doorbell spurious",
    "read slow",
    "read stale",
    "read failing",
    "page of a copy that lags",
    "page of a copy without the loss",
    "append slow",
    "append refused",
    "append unheard",
    "states late",
    "states old",
    "rows late",
    "rights late",
    "rights old",
    "restart",
    "crash",
    "failover",
    "failover behind an answer",
    "failover unheard",
    "failover between two pages of values",
    "reset",
    "clock jump",
    "right taken",
    "right given",
    "right narrowed",
    "disconnect",
    "credentials that end",
    "right that ends",
    "dropped for its bytes",
    "right from now on",
    "page loaded again",
    "turn over",
  ],
  transactions: [
    "on SQLite",
    "published in a transaction",
    "rolled back",
    "transaction refused",
    "append behind a transaction",
    "append out of patience",
    "older copy put back",
  ],
  outcomes: [
    "acked",
    "rules stored",
    "event",
    "state",
    "cleared",
    "gap trimmed",
    "gap lost",
    "gap reset",
    "resume",
    "stream too old",
    "stream expired",
    "history",
    "older history",
    "begun with history",
    "event without our client",
    "long poll",
    "followed by long polls",
    "dedupe at the log",
    "socket full",
    "job killed",
    "job's event",
    "job's clear",
    "job's gap trimmed",
    "job's gap lost",
    "job's gap reset",
    "closed forbidden",
    "closed gap-loop",
  ],
} as const;

const titles = {
  faults: "faults",
  transactions: "events inside of transactions",
  outcomes: "outcomes",
} as const;

export const lacking = (counts: Counts): string[] =>
  Object.values(expected)
    .flat()
    .filter((what) => counts.of(what) === 0);

export function coverageTable(counts: Counts): string {
  const line = (what: string): string => `  ${what.padEnd(38)}${counts.of(what).toLocaleString("en").padStart(14)}`;
  const parts = Object.entries(titles) as [keyof typeof titles, string][]; // its own keys
  return parts.flatMap(([part, title]) => [title, ...expected[part].map(line)]).join("\n");
}

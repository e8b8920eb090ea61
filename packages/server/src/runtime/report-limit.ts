import type { Clock } from "@tidings/protocol/clock";

/** Milliseconds in which the number of reports of one kind is bounded. */
const INTERVAL = 60_000;

/**
 * Asks whether one more thing of a kind is reported.
 * @returns how many were left out since the last report; null when this one is left out, too
 */
export type ReportLimit = (kind: string) => number | null;

/**
 * Bounds how many reports of a kind there are in a minute. Otherwise what happens for each of many readers would fill
 * the operator's log.
 *
 * @param most reports of one kind in a minute. The kinds themselves have to be few
 */
export function createReportLimit(most: number, { monotonic }: Pick<Clock, "monotonic">): ReportLimit {
  const kinds = new Map<string, { readonly since: number; reported: number; omitted: number }>();
  return (kind) => {
    const now = monotonic();
    const counts = kinds.get(kind);
    if (counts === undefined || now - counts.since >= INTERVAL) {
      kinds.set(kind, { since: now, reported: 1, omitted: 0 });
      return counts?.omitted ?? 0;
    }
    if (counts.reported === most) {
      counts.omitted++;
      return null;
    }
    counts.reported++;
    return 0;
  };
}

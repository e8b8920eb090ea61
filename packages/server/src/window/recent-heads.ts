import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";

/** Where the log stood at some times of the last minute. */
export interface RecentHeads {
  note(head: Cursor): void;
  /** Where the log stood this many milliseconds ago, or a little later. Null if nothing is known since then. */
  since(milliseconds: number): Cursor | null;
}

/** For as long as the longest overlap of snapshots, in milliseconds. */
const REMEMBERED = 60_000;
/** So many milliseconds lie between two of them at least. */
const APART = 100;

/** Measured in running time: the clock of the log's machine may be another one, and clocks jump. */
export function createRecentHeads(clock: Pick<Clock, "monotonic">): RecentHeads {
  const heads: { readonly head: Cursor; readonly at: number }[] = [];
  return {
    note(head) {
      const now = clock.monotonic();
      const last = heads.at(-1);
      if (last !== undefined && now - last.at < APART) return;
      while (heads[0] !== undefined && heads[0].at < now - REMEMBERED) heads.shift();
      heads.push({ head, at: now });
    },

    since(milliseconds) {
      const then = clock.monotonic() - milliseconds;
      return heads.find(({ at }) => at >= then)?.head ?? null;
    },
  };
}

import type { Hole } from "./event-log.ts";

/**
 * How far retention has dropped reliable entries and withdrawals, by channel. A mark is all that remains of a channel that is long empty,
 * 60 bytes with its path, and it is never dropped: without it a gap would be missing, and one mark for
 * all the forgotten channels would announce gaps that are none.
 */
export class TrimMarks {
  readonly marks = new Map<string, number>();
  /** The largest of them: whoever stands there or later has no hole anywhere. */
  #largest = 0;

  /** Of one channel, entries of a kind are dropped in order; of several kinds or channels, they are not. */
  move(channel: string, seq: number): void {
    this.marks.set(channel, Math.max(this.marks.get(channel) ?? 0, seq));
    this.#largest = Math.max(this.#largest, seq);
  }

  /** Of the asked channels, or of all, those that lost entries after a position. */
  holes(seq: number, asked: readonly string[] | null): Hole[] {
    if (seq >= this.#largest) return [];
    const holes: Hole[] = [];
    for (const channel of asked === null ? this.marks.keys() : new Set(asked)) {
      const to = this.marks.get(channel) ?? 0;
      if (to > seq) holes.push({ channel, reason: "trimmed", to });
    }
    return holes;
  }
}

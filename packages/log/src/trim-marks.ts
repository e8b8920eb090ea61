import type { Hole } from "./event-log.ts";

/**
 * How far retention has dropped reliable entries and withdrawals, by channel.
 *
 * The mark of a channel stays after its last entry is gone; it costs 60 bytes with its path and is never dropped.
 * Without it, the channel's gap would never be announced. One common mark for all emptied channels would announce gaps
 * where nothing is lost.
 */
export class TrimMarks {
  readonly marks = new Map<string, number>();
  /** The largest mark: after it, no channel has a hole. */
  #largest = 0;

  /** Notes that an entry was dropped. Entries of different kinds or channels are not dropped in the order of `seq`. */
  move(channel: string, seq: number): void {
    this.marks.set(channel, Math.max(this.marks.get(channel) ?? 0, seq));
    this.#largest = Math.max(this.#largest, seq);
  }

  /** The holes after a position, of the given channels, or of all channels for null. */
  holes(seq: number, channels: readonly string[] | null): Hole[] {
    if (seq >= this.#largest) return [];
    const holes: Hole[] = [];
    for (const channel of channels === null ? this.marks.keys() : new Set(channels)) {
      const to = this.marks.get(channel) ?? 0;
      if (to > seq) holes.push({ channel, reason: "trimmed", to });
    }
    return holes;
  }
}

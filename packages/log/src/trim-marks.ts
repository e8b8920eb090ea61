import { FORGOTTEN_CHANNELS, type Hole } from "./event-log.ts";

/**
 * How far retention has dropped reliable entries and withdrawals, by channel.
 *
 * The mark of a channel stays after its last entry is gone, for a limited number of channels: a mark costs 100 bytes
 * with its path, and a log may see a new channel for every job. The largest mark that was forgotten takes the place of
 * theirs. An ended channel is forgotten at once, since nobody goes on to use it. The README of this package, "Forgotten
 * channels", says what follows for readers.
 */
export class TrimMarks {
  readonly marks = new Map<string, number>();
  readonly #emptyChannels: number;
  readonly #isInUse: (channel: string) => boolean;
  /** Remembered channels without entries, in the order in which they were emptied. */
  readonly #empty = new Set<string>();
  /** More channels than this are forgotten at once: each time costs a walk over the holes that the last one left. */
  readonly #forgetAt: number;
  /** The largest mark: after it, no channel has a hole. */
  #largest = 0;
  /** The largest mark that was forgotten. */
  #forgotten = 0;

  /**
   * @param emptyChannels how many channels without entries are remembered
   * @param isInUse whether the log keeps something of a channel; volatile entries do not count
   */
  constructor(emptyChannels: number, isInUse: (channel: string) => boolean) {
    this.#emptyChannels = emptyChannels;
    this.#isInUse = isInUse;
    this.#forgetAt = emptyChannels + Math.min(1_000, Math.floor(emptyChannels / 16));
  }

  /** Notes that an entry was dropped. Entries of different kinds or channels are not dropped in the order of `seq`. */
  move(channel: string, seq: number): void {
    this.marks.set(channel, Math.max(this.marks.get(channel) ?? 0, seq));
    this.#largest = Math.max(this.#largest, seq);
  }

  /** To be called when a channel without entries gets one. What was forgotten of it stays forgotten. */
  use(channel: string): void {
    this.#empty.delete(channel);
    if (this.#forgotten > 0 && !this.marks.has(channel)) this.marks.set(channel, this.#forgotten);
  }

  /** To be called when the last entry of a channel is gone, after `move`. */
  leave(channel: string): void {
    if (!this.marks.has(channel)) return;
    this.#empty.add(channel);
    if (this.#empty.size > this.#forgetAt) this.#forgetOldest(this.#empty.size - this.#emptyChannels);
  }

  /** Forgets a channel. The largest mark of all forgotten ones stands for it. */
  forget(channel: string): void {
    this.#forgotten = Math.max(this.#forgotten, this.marks.get(channel) ?? 0);
    this.marks.delete(channel);
    this.#empty.delete(channel);
  }

  /** The holes after a position, of the given channels, or of all channels for null. */
  holes(seq: number, channels: readonly string[] | null): Hole[] {
    if (seq >= this.#largest) return [];
    const holes: Hole[] = [];
    for (const channel of channels === null ? this.marks.keys() : new Set(channels)) {
      const to = this.#markOf(channel);
      if (to > seq) holes.push({ channel, reason: "trimmed", to });
    }
    if (channels === null && seq < this.#forgotten) {
      holes.push({ channel: FORGOTTEN_CHANNELS, reason: "trimmed", to: this.#forgotten });
    }
    return holes;
  }

  #markOf(channel: string): number {
    const mark = this.marks.get(channel);
    if (mark !== undefined) return mark;
    // A channel without a mark that has been in use since before anything was forgotten has lost nothing.
    return this.#forgotten === 0 || this.#isInUse(channel) ? 0 : this.#forgotten;
  }

  #forgetOldest(count: number): void {
    let remaining = count;
    for (const channel of this.#empty) {
      if (remaining-- === 0) return;
      this.forget(channel);
    }
  }
}

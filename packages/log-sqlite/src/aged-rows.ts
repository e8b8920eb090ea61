import { IS_KEPT } from "./schema.ts";
import type { LogFile } from "./log-file.ts";
import { mergeRows } from "./row-range.ts";

/** The statement selects the columns of `KeptRow`. */
const KEPT_OF_CHANNEL = `
select seq, at from tidings_entry indexed by tidings_entry_channel
where channel = ? and seq >= ? and ${IS_KEPT} order by seq limit ?`;
const NEXT_DUE = "select channel, dropped_to from tidings_channel where due_at <= ? order by due_at limit 1";
const DUE_OF_CHANNEL = "select due_at, dropped_to from tidings_channel where channel = ?";
const DELETE_UP_TO = `
delete from tidings_entry indexed by tidings_entry_channel where channel = ? and seq > ? and seq <= ? and ${IS_KEPT}`;
const NOTE_DUE = "update tidings_channel set due_at = ?, dropped_to = ? where channel = ?";

interface KeptRow {
  readonly seq: number;
  readonly at: number;
}

/**
 * The reliable entries and withdrawals that become too old. The row of a channel says when its oldest one is due, or
 * may be due, so that what is not due yet costs nothing.
 */
export class AgedRows {
  readonly #file: LogFile;
  /** How long an entry of a channel is kept, in milliseconds. */
  readonly #ageOf: (channel: string) => number;

  constructor(file: LogFile, ageOf: (channel: string) => number) {
    this.#file = file;
    this.#ageOf = ageOf;
  }

  /** Notes when a channel is due. @param again whether the rules may have changed since it was noted */
  note(channel: string, again: boolean): void {
    const noted = this.#file.prepare(DUE_OF_CHANNEL).get(channel);
    if (noted === undefined || (noted["due_at"] !== null && !again)) return;
    const droppedTo = Number(noted["dropped_to"]);
    const [first] = this.#rowsOf(channel, droppedTo + 1, 1);
    const due = first === undefined ? null : this.#dueOf(channel, first);
    if (due !== noted["due_at"]) this.#file.prepare(NOTE_DUE).run(due, droppedTo, channel);
  }

  /**
   * Drops what is too old.
   *
   * @param budget how many rows it may change
   * @returns how many it has changed
   */
  drop(now: number, budget: number): number {
    let changed = 0;
    while (changed < budget) {
      const due = this.#file.prepare(NEXT_DUE).get(now);
      if (due === undefined) break;
      changed += this.#dropOf(String(due["channel"]), Number(due["dropped_to"]), now, budget - changed);
    }
    return changed;
  }

  #dropOf(channel: string, droppedTo: number, now: number, budget: number): number {
    let last = droppedTo;
    let young: KeptRow | null = null;
    let count = 0;
    const range = {
      first: droppedTo + 1,
      fetch: (from: number, limit: number) => this.#rowsOf(channel, from, limit),
    };
    for (const row of mergeRows([range])) {
      young = row;
      // When the clock goes back, older entries stay until it has caught up. Until then, the limits of entries and
      // bytes bound the log.
      if (count >= budget || this.#dueOf(channel, row) > now) break;
      young = null;
      last = row.seq;
      count++;
    }
    if (count > 0) this.#file.prepare(DELETE_UP_TO).run(channel, droppedTo, last);
    this.#file.prepare(NOTE_DUE).run(young === null ? null : this.#dueOf(channel, young), last, channel);
    return count + 1;
  }

  #dueOf(channel: string, { at }: KeptRow): number {
    return Math.min(at + this.#ageOf(channel), Number.MAX_SAFE_INTEGER);
  }

  #rowsOf(channel: string, from: number, limit: number): readonly KeptRow[] {
    return this.#file.prepare(KEPT_OF_CHANNEL).all(channel, from, limit) as unknown as KeptRow[];
  }
}

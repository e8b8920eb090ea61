import { IDEMPOTENCY_AGE, VOLATILE_AGE, type Keep } from "@tidings/log";
import { RELIABLE, VOLATILE, WITHDRAWAL } from "./entry-row.ts";
import type { LogFile } from "./log-file.ts";
import { IS_KEPT, sizeOf } from "./schema.ts";
import { mergeRows, type RowRange } from "./row-range.ts";

/** The most rows that one transaction changes, so that publishers wait only a few milliseconds. */
const STEP_ROWS = 200;

/** Volatile entries whose time is too far from now, in both directions: the clock may have gone back. */
const DELETE_VOLATILE = `
delete from tidings_entry where seq in (
  select seq from tidings_entry where kind = ${VOLATILE} and (at <= ? or at >= ?) limit ?)`;
const OLDEST = `
select seq, at, ${sizeOf("tidings_entry")} as size from tidings_entry indexed by tidings_entry_kept
where ${IS_KEPT} and seq >= ? order by seq limit ?`;
const DELETE_UP_TO = `delete from tidings_entry indexed by tidings_entry_kept where ${IS_KEPT} and seq <= ?`;
const CROWDED = "select channel from tidings_channel where entries > ? or withdrawals > ?";
const BYTES = "select total(bytes) as bytes from tidings_channel";
const SIZES = "select entries, withdrawals from tidings_channel where channel = ?";
const DELETE_OLDEST_OF_CHANNEL = `
delete from tidings_entry where seq in (
  select seq from tidings_entry indexed by tidings_entry_channel where channel = ? and kind = ? order by seq limit ?)`;
/** Replaces expired values by their withdrawals, which readers receive. */
const WITHDRAW = `
insert into tidings_entry (channel, type, kind, key, at, data)
select channel, type, ${WITHDRAWAL}, key, ?, null from tidings_entry
where expires_at is not null and (expires_at <= ? or (at > ? and at - ? >= expires_at - at)) limit ?`;
const DELETE_KEYS = `
delete from tidings_idempotency where (channel, key) in (
  select channel, key from tidings_idempotency where dropped = 1 and at <= ? limit ?)`;

interface OldRow {
  readonly seq: number;
  readonly at: number;
  readonly size: number;
}

/** One pass of retention over the log, in steps. */
export class Retention {
  readonly #file: LogFile;
  readonly #keep: Keep;
  readonly #now: number;
  // Finding these two scans every channel, so it happens once a pass and outside of any transaction.
  /** Channels that have too many entries or withdrawals. */
  readonly #crowded: string[];
  /** Whether the log has too many bytes. */
  readonly #isTooLarge: boolean;

  constructor(file: LogFile, keep: Keep, now: number) {
    this.#file = file;
    this.#keep = keep;
    this.#now = now;
    this.#crowded = file
      .prepare(CROWDED)
      .all(keep.entries, keep.entries)
      .map(({ channel }) => String(channel));
    this.#isTooLarge = this.#excessBytes() > 0;
  }

  /**
   * Deletes some of the entries that are no longer kept, and withdraws expired values. Runs inside a transaction. If
   * the transaction fails, the next step does the work again.
   *
   * @returns whether there may be more to do
   */
  step(): boolean {
    let budget = STEP_ROWS;
    budget -= this.#run(DELETE_VOLATILE, this.#now - VOLATILE_AGE, this.#now + VOLATILE_AGE, budget);
    budget -= this.#dropOldest(budget);
    budget -= this.#dropExcessEntries(budget);
    if (budget > 0) budget -= this.#run(WITHDRAW, this.#now, this.#now, this.#now, this.#now, budget);
    if (budget > 0) budget -= this.#run(DELETE_KEYS, this.#now - IDEMPOTENCY_AGE, budget);
    return budget <= 0;
  }

  /** Drops the oldest entries of the log while they are too old, or while the log is too large. */
  #dropOldest(budget: number): number {
    if (budget <= 0) return 0;
    let excess = this.#isTooLarge ? this.#excessBytes() : 0;
    let last: number | null = null;
    let count = 0;
    for (const { seq, at, size } of mergeRows([this.#oldest])) {
      // When the clock goes back, older entries stay until it has caught up. Until then, the limits of entries and
      // bytes bound the log.
      const isTooOld = this.#now - at >= this.#keep.age;
      if (count >= budget || (excess <= 0 && !isTooOld)) break;
      excess -= size;
      last = seq;
      count++;
    }
    return last === null ? 0 : this.#run(DELETE_UP_TO, last);
  }

  #excessBytes(): number {
    return Number(this.#file.prepare(BYTES).get()?.["bytes"]) - this.#keep.bytes;
  }

  readonly #oldest: RowRange<OldRow> = {
    first: 1,
    // The statement selects the columns of `OldRow`.
    fetch: (from, count) => this.#file.prepare(OLDEST).all(from, count) as unknown as OldRow[],
  };

  /** Drops the entries and withdrawals of which single channels have too many. */
  #dropExcessEntries(budget: number): number {
    let dropped = 0;
    while (dropped < budget) {
      const channel = this.#crowded.at(-1);
      if (channel === undefined) break;
      dropped += this.#dropExcessOf(channel, budget - dropped);
      // If the transaction fails after this, the channel waits for the next pass.
      if (dropped < budget) this.#crowded.pop();
    }
    return dropped;
  }

  #dropExcessOf(channel: string, budget: number): number {
    const sizes = this.#file.prepare(SIZES).get(channel);
    const kinds = [
      [RELIABLE, sizes?.["entries"]],
      [WITHDRAWAL, sizes?.["withdrawals"]],
    ] as const;
    let dropped = 0;
    for (const [kind, size] of kinds) {
      const count = Math.min(Number(size ?? 0) - this.#keep.entries, budget - dropped);
      if (count > 0) dropped += this.#run(DELETE_OLDEST_OF_CHANNEL, channel, kind, count);
    }
    return dropped;
  }

  /** Returns the number of rows that the statement changed. */
  #run(sql: string, ...values: (string | number)[]): number {
    return Number(this.#file.prepare(sql).run(...values).changes);
  }
}

import { IDEMPOTENCY_AGE, VOLATILE_AGE, type Keep } from "@tidings/log";
import { RELIABLE, VOLATILE, WITHDRAWAL } from "./entry-row.ts";
import type { LogFile } from "./log-file.ts";
import { IS_KEPT, sizeOf } from "./schema.ts";
import { walk, type Source } from "./walk.ts";

/** At most this many rows change in one transaction, so that publishers wait for some milliseconds only. */
const STEP = 200;

const HINTS = `
delete from tidings_entry where seq in (
  select seq from tidings_entry where kind = ${VOLATILE} and (at <= ? or at >= ?) limit ?)`;
const OLDEST = `
select seq, at, ${sizeOf("tidings_entry")} as size from tidings_entry indexed by tidings_entry_kept
where ${IS_KEPT} and seq >= ? order by seq limit ?`;
const UP_TO = `delete from tidings_entry indexed by tidings_entry_kept where ${IS_KEPT} and seq <= ?`;
const CROWDED = "select channel from tidings_channel where entries > ? or withdrawals > ?";
const BYTES = "select total(bytes) as bytes from tidings_channel";
const SIZES = "select entries, withdrawals from tidings_channel where channel = ?";
const OLDEST_OF = `
delete from tidings_entry where seq in (
  select seq from tidings_entry indexed by tidings_entry_channel where channel = ? and kind = ? order by seq limit ?)`;
/** A value that has expired is replaced by its withdrawal, so that readers hear of it. */
const WITHDRAW = `
insert into tidings_entry (channel, type, kind, key, at, data)
select channel, type, ${WITHDRAWAL}, key, ?, null from tidings_entry
where expires_at is not null and (expires_at <= ? or (at > ? and at - ? >= expires_at - at)) limit ?`;
const KEYS = `
delete from tidings_idempotency where (channel, key) in (
  select channel, key from tidings_idempotency where dropped = 1 and at <= ? limit ?)`;

interface OldRow {
  readonly seq: number;
  readonly at: number;
  readonly size: number;
}

/** One pass of retention over the log. */
export class Retention {
  readonly #file: LogFile;
  readonly #keep: Keep;
  readonly #now: number;
  /** Both take a look at every channel, so it is done once a pass and outside of any transaction. */
  readonly #crowded: string[];
  readonly #isLarge: boolean;

  constructor(file: LogFile, keep: Keep, now: number) {
    this.#file = file;
    this.#keep = keep;
    this.#now = now;
    this.#crowded = file
      .prepare(CROWDED)
      .all(keep.entries, keep.entries)
      .map(({ channel }) => String(channel));
    this.#isLarge = this.#excess() > 0;
  }

  /**
   * Deletes some of what is no longer kept, and withdraws expired values. Runs inside a transaction, and again from the
   * start when that failed.
   * @returns whether there may be more to do
   */
  step(): boolean {
    let left = STEP;
    left -= this.#run(HINTS, this.#now - VOLATILE_AGE, this.#now + VOLATILE_AGE, left);
    left -= this.#dropOldest(left);
    left -= this.#thinOut(left);
    if (left > 0) left -= this.#run(WITHDRAW, this.#now, this.#now, this.#now, this.#now, left);
    if (left > 0) left -= this.#run(KEYS, this.#now - IDEMPOTENCY_AGE, left);
    return left <= 0;
  }

  /** Whatever is too old, and then what makes the log too large. */
  #dropOldest(most: number): number {
    if (most <= 0) return 0;
    let excess = this.#isLarge ? this.#excess() : 0;
    let last: number | null = null;
    let count = 0;
    for (const { seq, at, size } of walk([this.#oldest])) {
      // An entry from before the clock went back stays until the clock has caught up; meanwhile entries and bytes bound the log.
      if (count >= most || (excess <= 0 && this.#now - at < this.#keep.age)) break;
      excess -= size;
      last = seq;
      count++;
    }
    return last === null ? 0 : this.#run(UP_TO, last);
  }

  #excess(): number {
    return Number(this.#file.prepare(BYTES).get()?.["bytes"]) - this.#keep.bytes;
  }

  // The columns are those of the statement.
  readonly #oldest: Source<OldRow> = {
    first: 1,
    fetch: (from, most) => this.#file.prepare(OLDEST).all(from, most) as unknown as OldRow[],
  };

  /** Drops what single channels have too much of. */
  #thinOut(most: number): number {
    let left = most;
    for (let channel = this.#crowded.at(-1); channel !== undefined && left > 0; channel = this.#crowded.at(-1)) {
      const sizes = this.#file.prepare(SIZES).get(channel);
      for (const [kind, size] of [
        [RELIABLE, sizes?.["entries"]],
        [WITHDRAWAL, sizes?.["withdrawals"]],
      ] as const) {
        const excess = Number(size ?? 0) - this.#keep.entries;
        if (excess > 0 && left > 0) left -= this.#run(OLDEST_OF, channel, kind, Math.min(excess, left));
      }
      // A step that fails after this leaves the channel for the next pass.
      if (left > 0) this.#crowded.pop();
    }
    return most - left;
  }

  #run(sql: string, ...values: (string | number)[]): number {
    return Number(this.#file.prepare(sql).run(...values).changes);
  }
}

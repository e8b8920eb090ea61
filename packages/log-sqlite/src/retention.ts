import { IDEMPOTENCY_AGE, rulesOf, VOLATILE_AGE, type Keep } from "@tidings/log";
import { AgedRows } from "./aged-rows.ts";
import { RELIABLE, VOLATILE, WITHDRAWAL } from "./entry-row.ts";
import type { LogFile } from "./log-file.ts";
import { IS_EMPTY, IS_END, IS_KEPT, readHead, sizeOf } from "./schema.ts";
import { mergeRows, type RowRange } from "./row-range.ts";
import { StoredRules } from "./stored-rules.ts";

/** The most rows that one transaction changes, so that publishers wait only a few milliseconds. */
const STEP_ROWS = 200;

/** How many channels or entries one step looks at to find crowded channels. */
const SEARCH_ROWS = 1_000;

/** Volatile entries whose time is too far from now, in both directions: the clock may have gone back. */
const DELETE_VOLATILE = `
delete from tidings_entry where seq in (
  select seq from tidings_entry where kind = ${VOLATILE} and (at <= ? or at >= ?) limit ?)`;
const OLDEST = `
select seq, ${sizeOf("tidings_entry")} as size from tidings_entry indexed by tidings_entry_kept
where ${IS_KEPT} and seq >= ? order by seq limit ?`;
const DELETE_UP_TO = `delete from tidings_entry indexed by tidings_entry_kept where ${IS_KEPT} and seq <= ?`;
const CHANNELS = "select channel from tidings_channel where channel > ? order by channel limit ?";
const NEW_ENTRIES = "select seq, channel from tidings_entry where seq > ? order by seq limit ?";
const TOTALS = "select bytes, empty_channels from tidings_total";
const SIZES = "select entries, withdrawals from tidings_channel where channel = ?";
const DELETE_OLDEST_OF_CHANNEL = `
delete from tidings_entry where seq in (
  select seq from tidings_entry indexed by tidings_entry_channel where channel = ? and kind = ? order by seq limit ?)`;
const HAS_EXPIRED = "expires_at is not null and (expires_at <= ? or (at > ? and at - ? >= expires_at - at))";
/** After its end, nothing of a channel is withdrawn. */
const DROP_OF_ENDED = `
delete from tidings_entry where seq in (
  select seq from tidings_entry where ${HAS_EXPIRED} and exists (
    select 1 from tidings_entry ended indexed by tidings_entry_end
    where ended.channel = tidings_entry.channel and ended.${IS_END.replace("kind", "ended.kind")}
  ) limit ?)`;
/** Replaces expired values by their withdrawals, which readers receive. */
const WITHDRAW = `
insert into tidings_entry (channel, type, kind, key, at, data)
select channel, type, ${WITHDRAWAL}, key, ?, null from tidings_entry where ${HAS_EXPIRED} limit ?`;
const DELETE_KEYS = `
delete from tidings_idempotency where (channel, key) in (
  select channel, key from tidings_idempotency where dropped = 1 and at <= ? limit ?)`;

/** Of the channels without entries, those with the smallest marks are forgotten first. */
const LONGEST_EMPTY = `
select channel, trimmed_to from tidings_channel indexed by tidings_channel_empty
where ${IS_EMPTY} order by trimmed_to limit ?`;
const NOTE_FORGOTTEN = `
update tidings_total set forgotten_to = max(forgotten_to, (select max(trimmed_to) from (${LONGEST_EMPTY})))`;
const FORGET = `delete from tidings_channel where channel in (select channel from (${LONGEST_EMPTY}))`;

interface OldRow {
  readonly seq: number;
  readonly size: number;
}

/**
 * Retention of the log, in passes of many steps. A pass costs what it drops and what was appended since the last one.
 * Only the first pass looks at every channel, and the first one after the rules have changed.
 */
export class Retention {
  readonly #file: LogFile;
  readonly #keep: Keep;
  readonly #rules: StoredRules;
  readonly #aged: AgedRows;
  #now = 0;
  /** Channels that may have too many entries or withdrawals. */
  #crowded: string[] = [];
  /** Channels after this one were not looked at yet; null if all were. */
  #lastChannel: string | null = "";
  /** The channels of later entries were not looked at yet. */
  #lastSeq = 0;

  constructor(file: LogFile, keep: Keep) {
    this.#file = file;
    this.#keep = keep;
    this.#rules = new StoredRules(file, rulesOf(keep));
    this.#aged = new AgedRows(file, (channel) => this.#rules.keepOf(channel).age);
  }

  /** To be called before the steps of a pass. */
  begin(now: number): void {
    this.#now = now;
    if (this.#lastChannel === "") this.#searchEverywhere();
  }

  /** To be called when a step failed: what it found may be forgotten, so the next pass looks at every channel again. */
  restart(): void {
    this.#crowded = [];
    this.#lastChannel = "";
  }

  /**
   * Deletes some of the entries that are no longer kept, and withdraws expired values. Runs inside a transaction.
   *
   * @returns whether there may be more to do
   */
  step(): boolean {
    let budget = STEP_ROWS;
    if (this.#rules.refresh()) this.#searchEverywhere();
    const hasSearchedAll = this.#crowded.length > 0 ? false : this.#search();
    budget -= this.#run(DELETE_VOLATILE, this.#now - VOLATILE_AGE, this.#now + VOLATILE_AGE, budget);
    budget -= this.#dropOldest(budget);
    budget -= this.#aged.drop(this.#now, budget);
    if (budget > 0) budget -= this.#run(DROP_OF_ENDED, this.#now, this.#now, this.#now, budget);
    if (budget > 0) budget -= this.#run(WITHDRAW, this.#now, this.#now, this.#now, this.#now, budget);
    budget -= this.#dropExcessEntries(budget);
    if (budget > 0) budget -= this.#run(DELETE_KEYS, this.#now - IDEMPOTENCY_AGE, budget);
    if (budget > 0) budget -= this.#forget(budget);
    return budget <= 0 || !hasSearchedAll || this.#crowded.length > 0;
  }

  #searchEverywhere(): void {
    this.#crowded = [];
    this.#lastChannel = "";
    this.#lastSeq = readHead(this.#file);
  }

  /** Looks for crowded channels, and notes when channels are due. Returns whether the search is at its end. */
  #search(): boolean {
    const rows =
      this.#lastChannel === null
        ? this.#file.prepare(NEW_ENTRIES).all(this.#lastSeq, SEARCH_ROWS)
        : this.#file.prepare(CHANNELS).all(this.#lastChannel, SEARCH_ROWS);
    const channels = new Set(rows.map(({ channel }) => String(channel)));
    for (const channel of channels) this.#aged.note(channel, this.#lastChannel !== null);
    this.#crowded = [...channels].filter((channel) => this.#excessesOf(channel).some(({ count }) => count > 0));
    const last = rows.at(-1);
    if (this.#lastChannel === null) {
      this.#lastSeq = Number(last?.["seq"] ?? this.#lastSeq);
      return rows.length < SEARCH_ROWS;
    }
    this.#lastChannel = rows.length < SEARCH_ROWS ? null : String(last?.["channel"]);
    return false;
  }

  /** Drops the oldest entries of the log while the log is too large. */
  #dropOldest(budget: number): number {
    if (budget <= 0) return 0;
    let excess = Number(this.#file.prepare(TOTALS).get()?.["bytes"]) - this.#keep.bytes;
    if (excess <= 0) return 0;
    let last: number | null = null;
    let count = 0;
    for (const { seq, size } of mergeRows([this.#oldest])) {
      if (count >= budget || excess <= 0) break;
      excess -= size;
      last = seq;
      count++;
    }
    return last === null ? 0 : this.#run(DELETE_UP_TO, last);
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
      if (dropped < budget) this.#crowded.pop();
    }
    return dropped;
  }

  #dropExcessOf(channel: string, budget: number): number {
    let dropped = 0;
    for (const { kind, count } of this.#excessesOf(channel)) {
      const bounded = Math.min(count, budget - dropped);
      if (bounded > 0) dropped += this.#run(DELETE_OLDEST_OF_CHANNEL, channel, kind, bounded);
    }
    return dropped;
  }

  /** How many entries of each kind the channel has above the limit. */
  #excessesOf(channel: string): { readonly kind: number; readonly count: number }[] {
    const sizes = this.#file.prepare(SIZES).get(channel);
    const { entries } = this.#rules.keepOf(channel);
    return [
      { kind: RELIABLE, count: Number(sizes?.["entries"] ?? 0) - entries },
      { kind: WITHDRAWAL, count: Number(sizes?.["withdrawals"] ?? 0) - entries },
    ];
  }

  /** Forgets channels without entries, and remembers one position for all of them. */
  #forget(budget: number): number {
    const { emptyChannels } = this.#keep;
    const excess = Number(this.#file.prepare(TOTALS).get()?.["empty_channels"]) - emptyChannels;
    const count = Math.min(excess, budget);
    if (count <= 0) return 0;
    this.#run(NOTE_FORGOTTEN, count);
    return this.#run(FORGET, count);
  }

  /** Returns the number of rows that the statement changed. */
  #run(sql: string, ...values: (string | number)[]): number {
    return Number(this.#file.prepare(sql).run(...values).changes);
  }
}

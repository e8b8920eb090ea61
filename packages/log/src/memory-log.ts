import { newEpoch, type Cursor } from "@tidings/protocol";
import { checkOptions, checkRange } from "@tidings/protocol/checks";
import { checkExpected } from "./conflict-error.ts";
import { checkEntries } from "./check-entries.ts";
import { checkEnds } from "./ended-error.ts";
import { fillPage, refusedPage } from "./engine/page.ts";
import { Watchers } from "./engine/watchers.ts";
import { wrapLog } from "./engine/wrap-log.ts";
import { takeNext, type Run } from "./entry-index.ts";
import type { Appended, Entry, EventLog, Hole, Keep, KeepRules, Limit, LogStat, NewEntry, Page } from "./event-log.ts";
import { completeKeep } from "./keep.ts";
import { checkRules, rulesOf } from "./keep-rules.ts";
import { KeptEntries } from "./kept-entries.ts";
import { KeyedAppends, nameOfKey } from "./keyed-appends.ts";

/** The options of {@link memoryLog}. */
export interface MemoryLogOptions {
  /** @default { entries: 1_000, age: 86_400_000, bytes: 67_108_864, emptyChannels: 100_000 } */
  readonly keep?: Partial<Keep>;
  /**
   * How many entries a channel may have above `keep.entries` until the next `trim()`: live readers have to get their
   * turn at what is published in one go. With it, `keep.entries` is a bound without `trim()`, too. @default 10_000
   */
  readonly burst?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Uniform in [0, 1); names the epoch. @default Math.random */
  readonly random?: () => number;
}

const memoryLogs = new WeakSet<EventLog>();

/**
 * A log in memory. It ends with the process: a position from before a restart is answered with a gap, never resumed
 * silently.
 *
 * @throws TypeError for an unknown option, and for one of another type
 * @throws RangeError for a bound of `keep` that is not a number from 0 on
 */
export function memoryLog(options: MemoryLogOptions = {}): EventLog {
  const types = { keep: "object", burst: "number", now: "function", random: "function" } as const;
  checkOptions("the options of memoryLog", options, types);
  checkRange("burst", options.burst ?? 0, 0, Infinity);
  const log = wrapLog(new MemoryLog(options), {});
  memoryLogs.add(log);
  return log;
}

/** Whether a log is one of {@link memoryLog}, so that only this process has its events. */
export function isMemoryLog(log: EventLog): boolean {
  return memoryLogs.has(log);
}

const DEFAULT_KEEP: Keep = { entries: 1_000, age: 86_400_000, bytes: 64 * 1024 * 1024, emptyChannels: 100_000 };
const DEFAULT_BURST = 10_000;

class MemoryLog implements EventLog {
  readonly #keep: Keep;
  #rules: KeepRules;
  readonly #now: () => number;
  readonly #epoch: string;
  readonly #kept: KeptEntries;
  readonly #keyedAppends = new KeyedAppends();
  readonly #watchers = new Watchers();
  #head = 0;
  #closed = false;

  constructor({ keep, burst = DEFAULT_BURST, now = Date.now, random = Math.random }: MemoryLogOptions) {
    this.#keep = completeKeep(keep, DEFAULT_KEEP);
    this.#rules = rulesOf(this.#keep);
    this.#now = now;
    this.#epoch = newEpoch(random);
    this.#kept = new KeptEntries(this.#keep, burst, this.#keyedAppends);
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    this.#refuseClosed();
    // A getter of the caller may throw, so all entries are read first: a batch is appended as a whole or not at all.
    const now = this.#now();
    checkEntries(batch);
    const entries = batch.map((entry) => ({ ...entry }));
    checkEnds(entries, {
      endOf: (channel) => this.#kept.endOf(channel),
      isRepeated: (entry) => this.#isRepeated(entry),
    });
    for (const entry of entries) this.#checkExpected(entry, now);
    const appended = entries.map((entry) => this.#appendOne(entry, now));
    if (appended.some(({ duplicate }) => !duplicate)) this.#watchers.wake();
    return appended;
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    signal?.throwIfAborted();
    const invalid = this.#invalid(after, channels);
    if (invalid !== null) return invalid;

    const holes = this.#kept.trimmed.holes(after.seq, channels);
    const wanted = channels && new Set(channels);
    const runs = Object.values(this.#kept.byKind).flatMap((index) =>
      index.runs(wanted, (list) => list.after(after.seq)),
    );
    return this.#page(runs, limit, holes);
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    const invalid = before === undefined ? null : this.#invalid(before, channels);
    if (invalid !== null) return invalid;

    const end = before?.seq ?? this.#head + 1;
    const runs = this.#kept.byKind.reliable.runs(new Set(channels), (list) => list.before(end));
    const entries: Entry[] = [];
    let older = takeNext(runs);
    for (; older !== null && entries.length < n; older = takeNext(runs)) entries.push(older);
    return { entries: entries.toReversed(), next: this.#cursor(this.#head), more: older !== null, holes: [] };
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    const from = after ?? this.#cursor(0);
    const { latest, reliable } = this.#kept.byKind;
    const wanted = new Set(channels);
    const ended = channels.filter((channel) => this.#kept.endOf(channel) !== null);
    const values = latest.runs(wanted, (list) => list.after(from.seq));
    // The end is the newest entry of its list.
    const ends = reliable.runs(new Set(ended), (list) => list.after(Math.max(from.seq, (list.newest()?.seq ?? 0) - 1)));
    return this.#invalid(from, channels) ?? this.#page([...values, ...ends], limit, []);
  }

  async head(): Promise<Cursor> {
    return this.#cursor(this.#head);
  }

  watch(wake: () => void): () => void {
    return this.#watchers.add(wake);
  }

  async setRules(rules: KeepRules): Promise<void> {
    this.#refuseClosed();
    this.#rules = checkRules(rules);
    this.#kept.setRules(this.#rules);
  }

  async trim(): Promise<void> {
    if (this.#closed) return;
    const now = this.#now();
    this.#kept.trim(now);
    this.#withdrawExpired(now);
    this.#keyedAppends.forget(now);
  }

  async stat(): Promise<LogStat> {
    const { size: entries, bytes } = this.#kept;
    return { head: this.#cursor(this.#head), entries, bytes, keep: this.#keep, rules: this.#rules };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchers.clear();
  }

  #refuseClosed(): void {
    if (!this.#closed) return;
    throw new Error("Expected an open log, got one that was closed; publish before hub.close().");
  }

  /** What is owed along the runs, as much as the limit allows. */
  #page(runs: readonly Run<Entry>[], limit: Limit, holes: readonly Hole[]): Page {
    const now = this.#now();
    return fillPage({
      nextRow: () => takeNext(runs),
      limit,
      isOwed: (entry) => this.#kept.isOwed(entry, now),
      toEntry: (entry) => entry,
      cursorAt: (seq) => this.#cursor(seq),
      head: this.#cursor(this.#head),
      holes,
    });
  }

  /** @throws ConflictError */
  #checkExpected(entry: NewEntry, now: number): void {
    if (entry.expects === undefined) return;
    if (!this.#isRepeated(entry)) checkExpected(entry, this.#kept.valueOf(entry, now));
  }

  /** Whether an entry was appended before, by its idempotency key. */
  #isRepeated(entry: NewEntry): boolean {
    const name = nameOfKey(entry);
    return name !== null && this.#keyedAppends.find(name) !== undefined;
  }

  #appendOne(given: NewEntry, now: number): Appended {
    const { channel, type, mode, key, data, expires } = given;
    const name = nameOfKey(given);
    const first = name === null ? undefined : this.#keyedAppends.find(name);
    if (first !== undefined) return { cursor: this.#cursor(first.seq), duplicate: true };

    const cursor = this.#cursor(++this.#head);
    const { epoch, seq } = cursor;
    // Written out twice: spreading one into the other takes longer than all the rest of an append.
    const entry: Entry =
      key === undefined
        ? { epoch, seq, channel, type, mode, at: now, data }
        : { epoch, seq, channel, type, mode, key, at: now, data };
    const slot = this.#kept.add(entry, expires, now);
    if (name !== null) this.#keyedAppends.add({ name, slot, at: now });
    return { cursor, duplicate: false };
  }

  #withdrawExpired(now: number): void {
    const expired = this.#kept.expired(now);
    for (const entry of expired) this.#appendOne({ ...entry, data: null }, now);
    if (expired.length > 0) this.#watchers.wake();
  }

  /** The answer to a position that this log never gave out, or null. There is one epoch, and it ends at the head. */
  #invalid({ epoch, seq }: Cursor, channels: readonly string[] | null): Page | null {
    if (epoch === this.#epoch && seq <= this.#head) return null;
    const reason = epoch === this.#epoch ? "lost" : "reset";
    return refusedPage(this.#cursor(this.#head), reason, channels ?? this.#kept.channels());
  }

  #cursor(seq: number): Cursor {
    return { epoch: this.#epoch, seq };
  }
}

import { newEpoch, type Cursor } from "@tidings/protocol";
import { byteLength } from "./byte-length.ts";
import { EntryIndex, keyOf, takeNext, type EntryList, type Run, type Slot } from "./entry-index.ts";
import { VOLATILE_AGE } from "./event-log.ts";
import type { Appended, Entry, EventLog, Hole, Keep, Limit, LogStat, NewEntry, Page } from "./event-log.ts";
import { KeyedAppends, nameOfKey } from "./keyed-appends.ts";
import { EVICTED, isYoung, kindOf, leavesHole, retentionOf, type Kind } from "./kind.ts";
import { Lifetimes } from "./lifetimes.ts";
import { TrimMarks } from "./trim-marks.ts";

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

/**
 * A log in memory. It ends with the process: a position from before a restart is answered with a gap, never resumed
 * silently.
 */
export function memoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(options);
}

/** Whether a log is one of {@link memoryLog}, so that only this process has its events. */
export function isMemoryLog(log: EventLog): boolean {
  return log instanceof MemoryLog;
}

/**
 * What an entry costs beside its data, in bytes: 187 were measured on Node 20. It makes `keep.bytes` a bound on memory.
 */
const ENTRY_BYTES = 200;

const DEFAULT_BURST = 10_000;

const EVERY_KIND: readonly Kind[] = ["reliable", "withdrawal", "volatile", "latest"];

class MemoryLog implements EventLog {
  readonly #keep: Keep;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #epoch: string;
  readonly #entries: Readonly<Record<Kind, EntryIndex<Entry>>> = {
    reliable: new EntryIndex(),
    latest: new EntryIndex(),
    withdrawal: new EntryIndex(),
    volatile: new EntryIndex(),
  };
  /** The newest value or withdrawal of each channel, type and key. */
  readonly #newest = new Map<string, Slot<Entry>>();
  readonly #lifetimes = new Lifetimes();
  readonly #trimmed: TrimMarks;
  /** Lists that have more than `keep.entries`, since the last `trim()`. */
  readonly #crowded = new Set<EntryList<Entry>>();
  readonly #keyedAppends = new KeyedAppends();
  readonly #bells = new Set<{ readonly wake: () => void }>();
  #head = 0;
  /** Bytes that count against `keep.bytes`. */
  #weighedBytes = 0;
  /** Bytes of what retention may not drop. */
  #otherBytes = 0;
  #closed = false;

  constructor({ keep, burst = DEFAULT_BURST, now = Date.now, random = Math.random }: MemoryLogOptions) {
    this.#burst = burst;
    this.#keep = { entries: 1_000, age: 86_400_000, bytes: 64 * 1024 * 1024, emptyChannels: 100_000, ...keep };
    this.#now = now;
    this.#epoch = newEpoch(random);
    this.#trimmed = new TrimMarks(this.#keep.emptyChannels, (channel) => this.#kindsOf(channel) > 0);
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    if (this.#closed) throw new Error("Expected an open log, got one that was closed; publish before hub.close().");
    // A getter of the caller may throw, so all entries are read first: a batch is appended as a whole or not at all.
    const now = this.#now();
    const entries = batch.map((entry) => ({ ...entry }));
    const appended = entries.map((entry) => this.#appendOne(entry, now));
    if (appended.some(({ duplicate }) => !duplicate)) this.#wake();
    return appended;
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    signal?.throwIfAborted();
    const invalid = this.#invalid(after, channels);
    if (invalid !== null) return invalid;

    const holes = this.#trimmed.holes(after.seq, channels);
    const wanted = channels && new Set(channels);
    const runs = Object.values(this.#entries).flatMap((index) => index.runs(wanted, (list) => list.after(after.seq)));
    return this.#page(after, runs, limit, holes);
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    const invalid = before === undefined ? null : this.#invalid(before, channels);
    if (invalid !== null) return invalid;

    const end = before?.seq ?? this.#head + 1;
    const runs = this.#entries.reliable.runs(new Set(channels), (list) => list.before(end));
    const entries: Entry[] = [];
    let older = takeNext(runs);
    for (; older !== null && entries.length < n; older = takeNext(runs)) entries.push(older);
    return { entries: entries.toReversed(), next: this.#cursor(this.#head), more: older !== null, holes: [] };
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    const from = after ?? this.#cursor(0);
    const runs = this.#entries.latest.runs(new Set(channels), (list) => list.after(from.seq));
    return this.#invalid(from, channels) ?? this.#page(from, runs, limit, []);
  }

  async head(): Promise<Cursor> {
    return this.#cursor(this.#head);
  }

  watch(wake: () => void): () => void {
    // An object of its own: the same function may watch twice, and one of the two may stop.
    const bell = { wake };
    this.#bells.add(bell);
    return () => this.#bells.delete(bell);
  }

  async trim(): Promise<void> {
    if (this.#closed) return;
    const now = this.#now();
    // An entry from before the clock went back stays until the clock has caught up; meanwhile entries and bytes bound
    // the log.
    const isAged = ({ at }: Entry): boolean => now - at >= this.#keep.age;
    for (const kind of EVERY_KIND) if (retentionOf[kind].isAged) this.#dropOldest(kind, isAged);
    this.#dropCrowd();
    this.#dropHints(now);
    this.#withdrawExpired(now);
    this.#keyedAppends.forget(now);
  }

  async stat(): Promise<LogStat> {
    const bytes = this.#weighedBytes + this.#otherBytes;
    const entries = Object.values(this.#entries).reduce((sum, { all }) => sum + all.size, 0);
    return { head: this.#cursor(this.#head), entries, bytes, keep: this.#keep };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#bells.clear();
  }

  /** What is owed along the runs after a position, as much as the limit allows. */
  #page(after: Cursor, runs: readonly Run<Entry>[], limit: Limit, holes: readonly Hole[]): Page {
    const now = this.#now();
    const entries: Entry[] = [];
    let scanned = 0;
    let bytes = 0;
    let next = after.seq;
    for (let entry = takeNext(runs); entry !== null; entry = takeNext(runs)) {
      const owed = this.#isOwed(entry, now);
      if (owed) bytes += byteLength(entry.data ?? "");
      if ((scanned > 0 && scanned >= limit.entries) || (entries.length > 0 && bytes > limit.bytes)) {
        return { entries, next: this.#cursor(next), more: true, holes };
      }
      if (owed) entries.push(entry);
      scanned++;
      next = entry.seq;
    }
    return { entries, next: this.#cursor(this.#head), more: false, holes };
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
    const kind = kindOf(entry);
    const slot = { seq, item: entry };
    if (kind === "latest" && expires !== undefined) this.#lifetimes.add(entry, expires);
    if (name !== null) this.#keyedAppends.add({ name, slot, at: now });

    const list = this.#entries[kind].add(channel, slot);
    if (list.size === 1 && kind !== "volatile" && this.#kindsOf(channel) === 1) this.#trimmed.use(channel);
    this.#weigh(entry, kind, 1);
    if (mode === "latest") this.#supersede(entry, slot);
    if (retentionOf[kind].isCounted && list.size > this.#keep.entries) this.#crowd(list);
    // Typing hints are swept here, too: nothing else bounds how many come between two trims.
    if (kind === "volatile") this.#dropHints(now);
    if (this.#weighedBytes > this.#keep.bytes) this.#evict();
    return { cursor, duplicate: false };
  }

  /** The former value or withdrawal of the key goes. */
  #supersede(entry: Entry, slot: Slot<Entry>): void {
    const key = keyOf(entry);
    const former = this.#newest.get(key);
    this.#newest.set(key, slot);
    this.#drop(former);
  }

  /** Volatile entries go as soon as nobody is owed them. */
  #dropHints(now: number): void {
    this.#dropOldest("volatile", (entry) => !this.#isOwed(entry, now));
  }

  /** Notes that a list has too many entries, and bounds how many. */
  #crowd(list: EntryList<Entry>): void {
    this.#crowded.add(list);
    if (list.size > this.#keep.entries + this.#burst) this.#drop(list.oldest());
  }

  /** Drops what channels have above `keep.entries`. */
  #dropCrowd(): void {
    for (const list of this.#crowded) {
      for (let slot = list.oldest(); slot && list.size > this.#keep.entries; slot = list.oldest()) this.#drop(slot);
    }
    this.#crowded.clear();
  }

  /** The log has too many bytes. First the busy channels give back what they have above `keep.entries`. */
  #evict(): void {
    this.#dropCrowd();
    for (const kind of EVICTED) this.#dropOldest(kind, () => this.#weighedBytes > this.#keep.bytes);
  }

  #withdrawExpired(now: number): void {
    const expired = this.#lifetimes.expired((entry) => this.#isOwed(entry, now));
    for (const entry of expired) this.#appendOne({ ...entry, data: null }, now);
    if (expired.length > 0) this.#wake();
  }

  #dropOldest(kind: Kind, isDue: (entry: Entry) => boolean): void {
    const { all } = this.#entries[kind];
    for (let slot = all.oldest(); slot?.item && isDue(slot.item); slot = all.oldest()) this.#drop(slot);
  }

  #drop(slot: Slot<Entry> | undefined): void {
    const entry = slot?.item ?? null;
    if (slot === undefined || entry === null) return;
    const kind = kindOf(entry);
    const isLast = this.#entries[kind].drop(entry.channel, slot);
    this.#lifetimes.delete(entry);
    this.#keyedAppends.noteDrop(slot);
    this.#weigh(entry, kind, -1);
    const isNewestOfKey = kind === "withdrawal" && this.#newest.get(keyOf(entry)) === slot;
    if (isNewestOfKey) this.#newest.delete(keyOf(entry));
    if (leavesHole(kind, isNewestOfKey)) this.#trimmed.move(entry.channel, entry.seq);
    if (isLast && this.#kindsOf(entry.channel) === 0) this.#trimmed.leave(entry.channel);
  }

  /** How many kinds of entries the log keeps of a channel. Hints do not count: nobody misses them. */
  #kindsOf(channel: string): number {
    const { reliable, latest, withdrawal } = this.#entries;
    return (
      Number(reliable.lists.has(channel)) + Number(latest.lists.has(channel)) + Number(withdrawal.lists.has(channel))
    );
  }

  #weigh({ data }: Entry, kind: Kind, sign: 1 | -1): void {
    const bytes = sign * (ENTRY_BYTES + byteLength(data ?? ""));
    if (retentionOf[kind].isWeighed) this.#weighedBytes += bytes;
    else this.#otherBytes += bytes;
  }

  /** The answer to a position that this log never gave out, or null. There is one epoch, and it ends at the head. */
  #invalid({ epoch, seq }: Cursor, channels: readonly string[] | null): Page | null {
    if (epoch === this.#epoch && seq <= this.#head) return null;
    const reason = epoch === this.#epoch ? "lost" : "reset";
    const holes = [...new Set(channels ?? this.#everyChannel())].map(
      (channel) => ({ channel, reason, to: this.#head }) as const,
    );
    return { entries: [], next: this.#cursor(this.#head), more: false, holes };
  }

  /** Looks at every channel. It is needed only for a read of every channel with a position of another log. */
  #everyChannel(): string[] {
    const kept = Object.values(this.#entries).flatMap((index) => [...index.lists.keys()]);
    return [...kept, ...this.#trimmed.marks.keys()];
  }

  #cursor(seq: number): Cursor {
    return { epoch: this.#epoch, seq };
  }

  #wake(): void {
    for (const { wake } of this.#bells) {
      try {
        wake();
      } catch {
        // The entry is appended in any case. A watcher that throws has lost a doorbell; its poll finds the entry.
      }
    }
  }

  #isOwed(entry: Entry, now: number): boolean {
    if (entry.mode === "reliable") return true;
    const lifetime = entry.mode === "volatile" ? VOLATILE_AGE : this.#lifetimes.of(entry);
    return isYoung(entry.at, now, lifetime);
  }
}

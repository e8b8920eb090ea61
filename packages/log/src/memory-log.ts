import { newEpoch, type Cursor } from "@tidings/protocol";
import { EntryIndex, nameOf, takeNext, type Place, type Run } from "./entry-index.ts";
import { IDEMPOTENCY_AGE, VOLATILE_AGE } from "./event-log.ts";
import type { Appended, Entry, EventLog, Hole, Keep, Limit, LogStat, NewEntry, Page } from "./event-log.ts";
import { TrimMarks } from "./trim-marks.ts";

export interface MemoryLogOptions {
  /** @default { entries: 1_000, age: 86_400_000, bytes: 67_108_864 } */
  readonly keep?: Partial<Keep>;
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

/** Where an entry is listed: withdrawals apart from the values, since retention drops them. */
type Kind = Entry["mode"] | "cleared";

/** What an entry costs beside its data, in bytes: 187 were measured on Node 20. It makes `keep.bytes` a bound on memory. */
const ENTRY_BYTES = 200;

class MemoryLog implements EventLog {
  readonly #keep: Keep;
  readonly #now: () => number;
  readonly #epoch: string;
  readonly #entries: Readonly<Record<Kind, EntryIndex<Entry>>> = {
    reliable: new EntryIndex(),
    latest: new EntryIndex(),
    cleared: new EntryIndex(),
    volatile: new EntryIndex(),
  };
  /** The newest value or withdrawal of each channel, type and key. */
  readonly #newest = new Map<string, Place<Entry>>();
  /** Milliseconds that values live, of those that expire. */
  readonly #lifetimes = new Map<Entry, number>();
  readonly #trimmed = new TrimMarks();
  /**
   * By channel and idempotency key, oldest first. A key is known as long as its entry is kept, and for ten minutes at least, so the map
   * is bounded by what the log keeps and by what is published in ten minutes and one interval of `trim()`.
   */
  readonly #known = new Map<string, { readonly place: Place<Entry>; readonly at: number }>();
  readonly #bells = new Set<{ readonly wake: () => void }>();
  #head = 0;
  /** Of everything but the values of `latest`, which retention may not drop. */
  #bytes = 0;
  #valueBytes = 0;
  #closed = false;

  constructor({ keep, now = Date.now, random = Math.random }: MemoryLogOptions) {
    this.#keep = { entries: 1_000, age: 86_400_000, bytes: 64 * 1024 * 1024, ...keep };
    this.#now = now;
    this.#epoch = newEpoch(random);
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    if (this.#closed) throw new Error("Expected an open log, got one that was closed; publish before hub.close().");
    // All that can throw comes first, so that a batch is appended as a whole or not at all.
    const now = this.#now();
    const entries = batch.map((entry) => ({ ...entry }));
    const appended = entries.map((entry) => this.#appendOne(entry, now));
    if (appended.some(({ duplicate }) => !duplicate)) this.#wake();
    return appended;
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    signal?.throwIfAborted();
    const holes = this.#trimmed.holes(after.seq, channels);
    const asked = channels && new Set(channels);
    const runs = Object.values(this.#entries).flatMap((index) => index.runs(asked, (list) => list.after(after.seq)));
    return this.#invalid(after, channels) ?? this.#page(after, runs, limit, holes);
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
    // An entry from before the clock went back stays until the clock has caught up; meanwhile entries and bytes bound the log.
    const isAged = ({ at }: Entry): boolean => now - at >= this.#keep.age;
    this.#dropOldest("reliable", isAged);
    this.#dropOldest("cleared", isAged);
    this.#dropOldest("volatile", (each) => !this.#isOwed(each, now));
    const expired = [...this.#lifetimes.keys()].filter((entry) => !this.#isOwed(entry, now));
    for (const entry of expired) this.#appendOne({ ...entry, data: null }, now);
    if (expired.length > 0) this.#wake();
    // A clock that went back keeps keys for longer, never for less.
    for (const [name, { place, at }] of this.#known) {
      if (now - at < IDEMPOTENCY_AGE) break;
      if (place.item === null) this.#known.delete(name);
    }
  }

  async stat(): Promise<LogStat> {
    const bytes = this.#bytes + this.#valueBytes;
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
      if (owed) bytes += entry.data?.length ?? 0;
      if ((scanned > 0 && scanned >= limit.entries) || (entries.length > 0 && bytes > limit.bytes)) {
        return { entries, next: this.#cursor(next), more: true, holes };
      }
      if (owed) entries.push(entry);
      scanned++;
      next = entry.seq;
    }
    return { entries, next: this.#cursor(this.#head), more: false, holes };
  }

  #appendOne({ channel: path, type, mode, key, data, expires, idempotencyKey }: NewEntry, now: number): Appended {
    // The length keeps the two apart, whatever characters they have.
    const name = idempotencyKey === undefined ? null : `${path.length} ${path}${idempotencyKey}`;
    const first = name === null ? undefined : this.#known.get(name);
    if (first !== undefined) return { cursor: this.#cursor(first.place.seq), duplicate: true };

    const cursor = this.#cursor(++this.#head);
    const { epoch, seq } = cursor;
    // Written out twice: spreading one into the other takes longer than all the rest of an append.
    const entry: Entry =
      key === undefined
        ? { epoch, seq, channel: path, type, mode, at: now, data }
        : { epoch, seq, channel: path, type, mode, key, at: now, data };
    const kind = kindOf(entry);
    const place = { seq, item: entry };
    if (kind === "latest" && expires !== undefined) this.#lifetimes.set(entry, expires);
    if (name !== null) this.#known.set(name, { place, at: now });

    const list = this.#entries[kind].add(path, place);
    this.#count(entry, kind, 1);
    if (mode === "latest") {
      const value = nameOf(entry);
      const superseded = this.#newest.get(value);
      this.#newest.set(value, place);
      this.#drop(superseded);
    }

    // Typing hints are swept here, too: nothing else bounds how many come between two trims.
    if (kind === "volatile") this.#dropOldest(kind, (each) => !this.#isOwed(each, now));
    else if (kind !== "latest" && list.size > this.#keep.entries) this.#drop(list.oldest());
    // Those that were promised least go first.
    for (const excess of ["volatile", "reliable", "cleared"] as const) {
      if (this.#bytes > this.#keep.bytes) this.#dropOldest(excess, () => this.#bytes > this.#keep.bytes);
    }
    return { cursor, duplicate: false };
  }

  #dropOldest(kind: Kind, isDue: (entry: Entry) => boolean): void {
    const { all } = this.#entries[kind];
    for (let place = all.oldest(); place?.item && isDue(place.item); place = all.oldest()) this.#drop(place);
  }

  #drop(place: Place<Entry> | undefined): void {
    const entry = place?.item ?? null;
    if (place === undefined || entry === null) return;
    const kind = kindOf(entry);
    this.#entries[kind].drop(entry.channel, place);
    this.#lifetimes.delete(entry);
    this.#count(entry, kind, -1);
    // Whoever has the value would keep it for ever; with a newer one in its place nobody misses the withdrawal.
    const isMissed = kind === "cleared" && this.#newest.get(nameOf(entry)) === place;
    if (isMissed) this.#newest.delete(nameOf(entry));
    if (kind === "reliable" || isMissed) this.#trimmed.move(entry.channel, entry.seq);
  }

  #count({ data }: Entry, kind: Kind, sign: 1 | -1): void {
    const bytes = sign * (ENTRY_BYTES + (data?.length ?? 0));
    if (kind === "latest") this.#valueBytes += bytes;
    else this.#bytes += bytes;
  }

  /** The answer to a position that is none of this log, or null. There is one epoch, and it ends at the head. */
  #invalid({ epoch, seq }: Cursor, channels: readonly string[] | null): Page | null {
    if (epoch === this.#epoch && seq <= this.#head) return null;
    const reason = epoch === this.#epoch ? "lost" : "reset";
    const kept = Object.values(this.#entries).flatMap((index) => [...index.lists.keys()]);
    const named = new Set(channels ?? [...kept, ...this.#trimmed.marks.keys()]);
    const holes = [...named].map((channel) => ({ channel, reason, to: this.#head }) as const);
    return { entries: [], next: this.#cursor(this.#head), more: false, holes };
  }

  #cursor(seq: number): Cursor {
    return { epoch: this.#epoch, seq };
  }

  #wake(): void {
    for (const { wake } of this.#bells) {
      try {
        wake();
      } catch {
        // What is appended is appended. Whoever throws has lost a doorbell, and polls.
      }
    }
  }

  /** A distance, not an age: when the clock goes back by an hour, what was young an hour ahead is not young for an hour. */
  #isOwed(entry: Entry, now: number): boolean {
    if (entry.mode === "reliable") return true;
    const lifetime = entry.mode === "volatile" ? VOLATILE_AGE : (this.#lifetimes.get(entry) ?? Infinity);
    return Math.abs(now - entry.at) < lifetime;
  }
}

function kindOf({ mode, data }: Entry): Kind {
  return mode === "latest" && data === null ? "cleared" : mode;
}

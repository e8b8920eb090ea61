import type { Cursor } from "@tidings/protocol";
import { EntryIndex } from "./entry-index.ts";
import type { Kept, Kind, Stored, Walk } from "./entry-list.ts";
import {
  VOLATILE_AGE,
  type Appended,
  type Entry,
  type EventLog,
  type Keep,
  type Limit,
  type LogStat,
  type NewEntry,
  type Page,
} from "./event-log.ts";
import { KnownKeys } from "./known-keys.ts";
import { Merge } from "./merge.ts";
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
  return new MemoryLog(
    { entries: 1_000, age: 86_400_000, bytes: 64 * 1024 * 1024, ...options.keep },
    options.now ?? Date.now,
    options.random ?? Math.random,
  );
}

/**
 * A read merges the lists of its channels or scans the whole log. To place a walk in a list costs as much as to scan 10 entries
 * or so; but of what is scanned, only the channels' share is wanted. So more channels than this that hold at least
 * a quarter of the log are scanned for. Measured, see benchmarks/.
 */
const MERGE_LIMIT = 25;

/** What an entry costs beside its data, in bytes: 187 were measured on Node 20. It makes `keep.bytes` a bound on memory. */
const ENTRY_BYTES = 200;

class MemoryLog implements EventLog {
  readonly #keep: Keep;
  readonly #now: () => number;
  readonly #epoch: string;
  readonly #whole = new EntryIndex();
  /** Only channels that have entries: a typing hint of a room nobody uses leaves nothing behind. */
  readonly #channels = new Map<string, EntryIndex>();
  readonly #trimmed = new TrimMarks();
  readonly #known = new KnownKeys();
  readonly #bells = new Set<{ readonly wake: () => void }>();
  #head = 0;
  /** Of everything but the values of `latest`, which retention may not drop. */
  #bytes = 0;
  #valueBytes = 0;
  #closed = false;

  constructor(keep: Keep, now: () => number, random: () => number) {
    this.#keep = keep;
    this.#now = now;
    this.#epoch = Array.from({ length: 12 }, () => Math.floor(random() * 36).toString(36)).join("");
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
    const invalid = this.#invalid(after, channels);
    if (invalid !== null) return invalid;

    const asked = channels === null ? null : new Set(channels);
    const wanted = asked !== null && this.#isDense(asked) ? asked : null;
    const merged = new Merge(
      asked === null || wanted !== null ? this.#whole.after(after.seq) : this.#walks(asked, after.seq),
    );
    const holes = this.#trimmed.holes(after.seq, asked);
    const now = this.#now();
    const entries: Entry[] = [];
    let scanned = 0;
    let bytes = 0;
    let next = after.seq;
    for (let stored = merged.next(); stored !== undefined; stored = merged.next()) {
      const { entry } = stored;
      if (scanned >= limit.entries && scanned > 0) return { entries, next: this.#cursor(next), more: true, holes };
      if (wanted?.has(entry.channel) !== false && isOwed(stored, now)) {
        bytes += entry.data?.length ?? 0;
        if (bytes > limit.bytes && entries.length > 0) return { entries, next: this.#cursor(next), more: true, holes };
        entries.push(entry);
      }
      scanned++;
      next = entry.seq;
    }
    return { entries, next: this.#cursor(this.#head), more: false, holes };
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    const invalid = before === undefined ? null : this.#invalid(before, channels);
    if (invalid !== null) return invalid;

    const end = before?.seq ?? this.#head + 1;
    const walks = [...new Set(channels)].flatMap((path) => this.#channels.get(path)?.beforeOf("reliable", end) ?? []);
    const merged = new Merge(walks, -1);
    const entries: Entry[] = [];
    let older = merged.next();
    for (; older !== undefined && entries.length < n; older = merged.next()) entries.push(older.entry);
    return { entries: entries.toReversed(), next: this.#cursor(this.#head), more: older !== undefined, holes: [] };
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    const invalid = after === null ? null : this.#invalid(after, channels);
    if (invalid !== null) return invalid;

    const start = after?.seq ?? 0;
    const walks = [...new Set(channels)].flatMap((path) => this.#channels.get(path)?.afterOf("latest", start) ?? []);
    const merged = new Merge(walks);
    const now = this.#now();
    const entries: Entry[] = [];
    let bytes = 0;
    let next = start;
    for (let stored = merged.next(); stored !== undefined; stored = merged.next()) {
      if (!isOwed(stored, now)) continue;
      const { entry } = stored;
      bytes += entry.data?.length ?? 0;
      if (entries.length > 0 && (entries.length >= limit.entries || bytes > limit.bytes)) {
        return { entries, next: this.#cursor(next), more: true, holes: [] };
      }
      entries.push(entry);
      next = entry.seq;
    }
    return { entries, next: this.#cursor(this.#head), more: false, holes: [] };
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
    const isAged = ({ entry }: Kept): boolean => now - entry.at >= this.#keep.age;
    this.#dropOldest("reliable", isAged);
    this.#dropOldest("cleared", isAged);
    this.#dropOldest("volatile", (each) => !isOwed(each, now));
    this.#withdrawExpired(now);
    this.#known.trim(now);
  }

  async stat(): Promise<LogStat> {
    const bytes = this.#bytes + this.#valueBytes;
    return { head: this.#cursor(this.#head), entries: this.#whole.size, bytes, keep: this.#keep };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#bells.clear();
  }

  #appendOne(given: NewEntry, now: number): Appended {
    const { channel: path, idempotencyKey } = given;
    const first = idempotencyKey === undefined ? undefined : this.#known.seqOf(path, idempotencyKey);
    if (first !== undefined) return { cursor: this.#cursor(first), duplicate: true };

    const entry = this.#entryOf(given, now);
    const kind = kindOf(entry);
    const stored: Stored = { seq: entry.seq, kind, lifetime: lifetimeOf(kind, given.expires), entry };
    if (idempotencyKey !== undefined) this.#known.add(path, idempotencyKey, stored, now);

    const channel = this.#channels.get(path) ?? new EntryIndex();
    this.#channels.set(path, channel);
    channel.add(stored);
    this.#whole.add(stored);
    this.#count(entry, kind, 1);
    if (entry.mode === "latest") {
      this.#drop(channel.supersede(entry.type, entry.key ?? "", stored));
    }

    // Typing hints are swept here, too: nothing else bounds how many come between two trims.
    if (kind === "volatile") this.#dropOldest(kind, (each) => !isOwed(each, now));
    else if (kind !== "latest" && channel.sizeOf(kind) > this.#keep.entries) this.#drop(channel.oldest(kind));
    if (this.#bytes > this.#keep.bytes) this.#dropExcess();
    return { cursor: this.#cursor(entry.seq), duplicate: false };
  }

  #entryOf({ channel, type, mode, key, data }: NewEntry, at: number): Entry {
    const epoch = this.#epoch;
    const seq = ++this.#head;
    // Written out twice: spreading one into the other takes longer than all the rest of an append.
    if (key === undefined) return { epoch, seq, channel, type, mode, at, data };
    return { epoch, seq, channel, type, mode, key, at, data };
  }

  #dropOldest(kind: Kind, due: (stored: Kept) => boolean): void {
    const whole = this.#whole;
    for (let stored = whole.oldest(kind); stored !== undefined && due(stored); stored = whole.oldest(kind))
      this.#drop(stored);
  }

  /** Those that were promised least go first. */
  #dropExcess(): void {
    for (const kind of ["volatile", "reliable", "cleared"] as const) {
      this.#dropOldest(kind, () => this.#bytes > this.#keep.bytes);
    }
  }

  #withdrawExpired(now: number): void {
    const [walk] = this.#whole.afterOf("latest", 0);
    const expired: Entry[] = [];
    for (let stored = walk?.next(); stored !== undefined; stored = walk?.next()) {
      if (!isOwed(stored, now)) expired.push(stored.entry);
    }
    for (const entry of expired) this.#appendOne({ ...entry, data: null }, now);
    if (expired.length > 0) this.#wake();
  }

  #drop(stored: Stored | undefined): void {
    if (stored === undefined || stored.entry === null) return;
    const { entry, kind, seq } = stored;
    stored.entry = null;
    this.#count(entry, kind, -1);
    this.#whole.noteDrop(kind);
    const channel = this.#channels.get(entry.channel);
    channel?.noteDrop(kind);
    if (kind === "cleared") channel?.forget(entry.type, entry.key ?? "", stored);
    if (channel?.size === 0) this.#channels.delete(entry.channel);
    if (kind === "reliable") this.#trimmed.move(entry.channel, seq);
  }

  #count({ data }: Entry, kind: Kind, sign: 1 | -1): void {
    const bytes = sign * (ENTRY_BYTES + (data?.length ?? 0));
    if (kind === "latest") this.#valueBytes += bytes;
    else this.#bytes += bytes;
  }

  /** Whether scanning the log for the channels costs less than walking along each of them. */
  #isDense(channels: ReadonlySet<string>): boolean {
    if (channels.size <= MERGE_LIMIT) return false;
    let size = 0;
    for (const path of channels) size += this.#channels.get(path)?.size ?? 0;
    return size >= this.#whole.size / 4;
  }

  #walks(channels: ReadonlySet<string>, seq: number): Walk[] {
    const walks: Walk[] = [];
    for (const path of channels) for (const walk of this.#channels.get(path)?.after(seq) ?? []) walks.push(walk);
    return walks;
  }

  /** The answer to a position that is none of this log, or null. There is one epoch, and it ends at the head. */
  #invalid({ epoch, seq }: Cursor, channels: readonly string[] | null): Page | null {
    if (epoch === this.#epoch && seq <= this.#head) return null;
    const reason = epoch === this.#epoch ? "lost" : "reset";
    const named = new Set(channels ?? [...this.#channels.keys(), ...this.#trimmed.channels()]);
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
}

/** A distance, not an age: when the clock goes back by an hour, what was young an hour ahead is not young for an hour. */
function isOwed({ lifetime, entry }: Kept, now: number): boolean {
  return lifetime === null || Math.abs(now - entry.at) < lifetime;
}

function kindOf({ mode, data }: Entry): Kind {
  return mode === "latest" && data === null ? "cleared" : mode;
}

function lifetimeOf(kind: Kind, expires: number | null = null): number | null {
  if (kind === "volatile") return VOLATILE_AGE;
  return kind === "latest" ? expires : null;
}

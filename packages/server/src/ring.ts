import { VOLATILE_AGE, type Entry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { concat, frameOf } from "./frame.ts";
import type { Limits } from "./limits.ts";

/** What a connection asks of the ring: its position, and the `from` of each of its paths. */
export interface Reader {
  readonly cursor: Cursor;
  readonly froms: ReadonlyMap<string, number>;
}

/** What a connection is owed next. */
export interface Slice {
  readonly bytes: Uint8Array;
  readonly entries: readonly Entry[];
  /** The `seq` up to which the reader is served. */
  readonly next: number;
}

/** An entry and its bytes. */
interface Kept {
  readonly entry: Entry;
  readonly frame: Uint8Array;
  /** The slice of whoever takes nothing else: one frame is shared as it is. */
  readonly alone: Slice;
  /** What the age of a volatile entry counts from, in milliseconds since 1970 by the clock of this process. */
  readonly born: number;
  /** A newer `latest` value of its key is in the ring. */
  superseded: boolean;
}

type RingLimits = Pick<Limits, "ringEntries" | "ringBytes">;

/** The most bytes of one slice, unless a single frame is longer. */
export const SLICE_BYTES = 64 * 1024;
/** The most slices that are kept for others who take the same. */
const SHARED = 64;

/**
 * The process's window of recent entries, with their frames: a cache of the log. It holds every owed entry of every channel after
 * its base up to {@link head}, so whoever stands between the two is served without a read.
 */
export class Ring {
  readonly #limits: RingLimits;
  #all = new Window();
  readonly #byPath = new Map<string, Window>();
  readonly #newest = new Map<string, Kept>();
  /** Slices of this turn by a hash of the entries they take: connections that take the same share the bytes. */
  readonly #slices = new Map<number, Slice>();
  /** The position up to which the ring has read the log; another object whenever it moves. */
  head: Cursor = { epoch: "", seq: 0 };
  #base = 0;
  #bytes = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#all.length, bytes: this.#bytes };
  }

  /** Starts anew at a position: after a hole, or in a new epoch. */
  reset(head: Cursor): void {
    this.#all = new Window();
    this.#byPath.clear();
    this.#newest.clear();
    this.endTurn();
    this.#bytes = 0;
    this.#base = head.seq;
    this.head = head;
  }

  /** Takes what the log has after the head. @param now milliseconds since 1970 */
  push(entries: readonly Entry[], head: Cursor, now: number): void {
    for (const entry of entries) this.#add(entry, now);
    this.head = head;
    const { ringEntries, ringBytes } = this.#limits;
    while (this.#all.length > ringEntries || (this.#bytes > ringBytes && this.#all.length > 1)) this.#evict();
  }

  /** Whether a reader at this position can be served from here. Of another epoch it never can: the log decides. */
  covers({ epoch, seq }: Cursor): boolean {
    return epoch === this.head.epoch && seq >= this.#base && seq <= this.head.seq;
  }

  /** The next bytes that a covered reader is owed, or null when it has everything. */
  slice(reader: Reader, now: number): Slice | null {
    const taken = this.#owed(reader, now);
    const [first] = taken;
    if (first === undefined) return null;
    if (taken.length === 1) return first.alone;
    const entries = taken.map(({ entry }) => entry);
    const next = entries.at(-1)?.seq ?? 0;
    const hash = entries.reduce((sum, { seq }) => (Math.imul(sum, 31) + seq) | 0, entries.length);
    const known = this.#slices.get(hash);
    // The hash only finds the slice; what it takes decides.
    const isSame =
      known?.entries.length === entries.length && entries.every((entry, at) => entry === known.entries[at]);
    if (isSame) return known;
    const slice = { entries, next, bytes: concat(taken.map(({ frame }) => frame)) };
    // Readers that catch up take slices outside of any turn, each its own.
    if (this.#slices.size >= SHARED) this.endTurn();
    this.#slices.set(hash, slice);
    return slice;
  }

  /** Forgets the shared bytes; the next turn will hardly ask for the same. */
  endTurn(): void {
    this.#slices.clear();
  }

  #owed({ cursor, froms }: Reader, now: number): Kept[] {
    const runs = this.#runs(cursor.seq, froms);
    const taken: Kept[] = [];
    let bytes = 0;
    for (let kept = takeFirst(runs); kept !== undefined; kept = takeFirst(runs)) {
      const { entry, frame, born, superseded } = kept;
      if (superseded || entry.seq <= (froms.get(entry.channel) ?? Infinity)) continue;
      // A distance, not an age: a clock that goes back makes nothing young for ever.
      if (entry.mode === "volatile" && Math.abs(now - born) >= VOLATILE_AGE) continue;
      bytes += frame.length;
      if (bytes > SLICE_BYTES && taken.length > 0) break;
      taken.push(kept);
    }
    return taken;
  }

  /** Where the entries of the paths are found after a position. */
  #runs(seq: number, froms: ReadonlyMap<string, number>): Run[] {
    // Looking every path up costs more than walking over the few entries since.
    if (froms.size > this.head.seq - seq) return [{ window: this.#all, index: this.#all.indexAfter(seq) }];
    const runs: Run[] = [];
    for (const path of froms.keys()) {
      const window = this.#byPath.get(path);
      const index = window?.indexAfter(seq) ?? 0;
      if (window?.items[index] !== undefined) runs.push({ window, index });
    }
    return runs;
  }

  #add(entry: Entry, now: number): void {
    // Clocks of different machines are not compared further than this; such an entry is as old as its stay in the ring.
    const born = Math.abs(now - entry.at) < VOLATILE_AGE ? entry.at : now;
    const frame = frameOf(entry);
    const alone = { entries: [entry], next: entry.seq, bytes: frame };
    const kept: Kept = { entry, frame, alone, born, superseded: false };
    if (entry.mode === "latest") {
      const key = keyOf(entry);
      const former = this.#newest.get(key);
      if (former !== undefined) former.superseded = true;
      this.#newest.set(key, kept);
    }
    this.#all.items.push(kept);
    let window = this.#byPath.get(entry.channel);
    if (window === undefined) this.#byPath.set(entry.channel, (window = new Window()));
    window.items.push(kept);
    this.#bytes += kept.frame.length;
  }

  #evict(): void {
    const kept = this.#all.shift();
    if (kept === undefined) return;
    const { entry } = kept;
    const window = this.#byPath.get(entry.channel);
    window?.shift();
    if (window?.length === 0) this.#byPath.delete(entry.channel);
    if (entry.mode === "latest" && !kept.superseded) this.#newest.delete(keyOf(entry));
    this.#bytes -= kept.frame.length;
    this.#base = entry.seq;
  }
}

/** Neither a path nor a type has a colon. */
function keyOf({ channel, type, key }: Entry): string {
  return `${channel}:${type}:${key ?? ""}`;
}

/** A walk through a window. */
interface Run {
  readonly window: Window;
  index: number;
}

/** The oldest of what the runs are at. A reader has few paths with news, so looking at each is cheaper than a heap. */
function takeFirst(runs: readonly Run[]): Kept | undefined {
  let first: Run | undefined;
  let oldest: Kept | undefined;
  for (const run of runs) {
    const kept = run.window.items[run.index];
    if (kept === undefined || (oldest !== undefined && kept.entry.seq > oldest.entry.seq)) continue;
    first = run;
    oldest = kept;
  }
  if (first !== undefined) first.index++;
  return oldest;
}

/** Entries in order, added at the end and dropped from the front. */
class Window {
  /** Undefined before the first one: what is dropped is let go of at once. */
  items: (Kept | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.items.length - this.#first;
  }

  shift(): Kept | undefined {
    const kept = this.items[this.#first];
    if (kept === undefined) return undefined;
    this.items[this.#first++] = undefined;
    // Moved down when half of the array is behind us: O(1) amortised.
    if (this.#first > this.items.length / 2) {
      this.items = this.items.slice(this.#first);
      this.#first = 0;
    }
    return kept;
  }

  indexAfter(seq: number): number {
    let low = this.#first;
    let high = this.items.length;
    // Most readers stand before the last entry only.
    if ((this.items[high - 1]?.entry.seq ?? 0) <= seq) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.items[middle]?.entry.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

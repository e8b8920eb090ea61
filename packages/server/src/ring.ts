import { VOLATILE_AGE, type Entry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { concat, frameOf } from "./frame.ts";

/** What a connection asks of the ring: its position, and the `from` of each of its paths. */
export interface Reader {
  readonly cursor: Cursor;
  readonly froms: ReadonlyMap<string, number>;
}

/** What a connection is owed next. */
export interface Slice {
  readonly bytes: Uint8Array;
  readonly taken: readonly Kept[];
  /** The `seq` up to which the reader is served. */
  readonly next: number;
  /** Whether a frame of the slice has an id. */
  readonly moves: boolean;
}

/** An entry and its bytes. */
export interface Kept {
  readonly entry: Entry;
  readonly frame: Uint8Array;
  /** What the age of a volatile entry counts from, in milliseconds since 1970 by the clock of this process. */
  readonly born: number;
  /** A newer `latest` value of its key is in the ring. */
  superseded: boolean;
}

/** The most bytes of one slice, unless a single frame is longer. */
const SLICE_BYTES = 64 * 1024;
/** The most bytes of slices that are kept for others who take the same. */
const SHARED_BYTES = 4 * 1024 * 1024;

/**
 * The process's window of recent entries, with their frames: a cache of the log. It holds every owed entry of every channel after
 * its base up to {@link head}, so whoever stands between the two is served without a read.
 */
export class Ring {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #all = new Window();
  readonly #byPath = new Map<string, Window>();
  readonly #newest = new Map<string, Kept>();
  /** Slices of this turn by a hash of the entries they take: connections that take the same share the bytes. */
  readonly #slices = new Map<number, Slice>();
  #sliceBytes = 0;
  #head: Cursor = { epoch: "", seq: 0 };
  #base = 0;
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** The position up to which the ring has read the log; another object whenever it moves. */
  get head(): Cursor {
    return this.#head;
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#all.length, bytes: this.#bytes };
  }

  /** Starts anew at a position: after a hole, or in a new epoch. */
  reset(head: Cursor): void {
    this.#all.clear();
    this.#byPath.clear();
    this.#newest.clear();
    this.endTurn();
    this.#bytes = 0;
    this.#base = head.seq;
    this.#head = head;
  }

  /** Takes what the log has after the head. @param now milliseconds since 1970 */
  push(entries: readonly Entry[], head: Cursor, now: number): void {
    for (const entry of entries) this.#add(entry, now);
    this.#head = head;
    while (this.#all.length > this.#maxEntries || (this.#bytes > this.#maxBytes && this.#all.length > 1)) this.#evict();
  }

  /** Whether a reader at this position can be served from here. Of another epoch it never can: the log decides. */
  covers({ epoch, seq }: Cursor): boolean {
    return epoch === this.#head.epoch && seq >= this.#base && seq <= this.#head.seq;
  }

  /** Whether a position that the log has confirmed is one that the ring has not reached yet. */
  isBehind({ epoch, seq }: Cursor): boolean {
    return epoch === this.#head.epoch && seq > this.#head.seq;
  }

  /** The next bytes that a covered reader is owed, or null when it has everything. */
  slice(reader: Reader, now: number): Slice | null {
    const taken = this.#owed(reader, now);
    const last = taken.at(-1);
    if (last === undefined) return null;
    // One frame is shared as it is.
    if (taken.length === 1) return sliceOf(taken, last, last.frame);
    let hash = taken.length;
    for (const { entry } of taken) hash = (Math.imul(hash, 31) + entry.seq) | 0;
    const known = this.#slices.get(hash);
    // The hash only finds the slice; what it takes decides.
    if (
      known !== undefined &&
      known.taken.length === taken.length &&
      taken.every((kept, at) => kept === known.taken[at])
    ) {
      return known;
    }
    const slice = sliceOf(taken, last, concat(taken.map(({ frame }) => frame)));
    this.#share(hash, slice);
    return slice;
  }

  /** Forgets the shared bytes; the next turn will hardly ask for the same. */
  endTurn(): void {
    this.#slices.clear();
    this.#sliceBytes = 0;
  }

  #share(hash: number, slice: Slice): void {
    // Readers that catch up take slices outside of any turn, each its own.
    if (this.#sliceBytes + slice.bytes.length > SHARED_BYTES) this.endTurn();
    this.#sliceBytes += slice.bytes.length;
    this.#slices.set(hash, slice);
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
    if (froms.size > this.#head.seq - seq) return [{ window: this.#all, index: this.#all.indexAfter(seq) }];
    const runs: Run[] = [];
    for (const path of froms.keys()) {
      const window = this.#byPath.get(path);
      const index = window?.indexAfter(seq);
      if (window?.at(index ?? 0) !== undefined) runs.push({ window, index: index ?? 0 });
    }
    return runs;
  }

  #add(entry: Entry, now: number): void {
    // Clocks of different machines are not compared further than this; such an entry is as old as its stay in the ring.
    const born = Math.abs(now - entry.at) < VOLATILE_AGE ? entry.at : now;
    const kept: Kept = { entry, frame: frameOf(entry), born, superseded: false };
    if (entry.mode === "latest") {
      const key = keyOf(entry);
      const former = this.#newest.get(key);
      if (former !== undefined) former.superseded = true;
      this.#newest.set(key, kept);
    }
    this.#all.push(kept);
    let window = this.#byPath.get(entry.channel);
    if (window === undefined) this.#byPath.set(entry.channel, (window = new Window()));
    window.push(kept);
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

function sliceOf(taken: readonly Kept[], last: Kept, bytes: Uint8Array): Slice {
  return { bytes, taken, next: last.entry.seq, moves: taken.some(({ entry }) => entry.mode !== "volatile") };
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
    const kept = run.window.at(run.index);
    if (kept === undefined || (oldest !== undefined && kept.entry.seq > oldest.entry.seq)) continue;
    first = run;
    oldest = kept;
  }
  if (first !== undefined) first.index++;
  return oldest;
}

/** Entries in order, added at the end and dropped from the front. */
class Window {
  #items: Kept[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  at(index: number): Kept | undefined {
    return this.#items[index];
  }

  push(kept: Kept): void {
    this.#items.push(kept);
  }

  shift(): Kept | undefined {
    const kept = this.#items[this.#first];
    if (kept === undefined) return undefined;
    this.#first++;
    // Moved down when half of the array is behind us: O(1) amortised.
    if (this.#first > 64 && this.#first > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return kept;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }

  indexAfter(seq: number): number {
    let low = this.#first;
    let high = this.#items.length;
    // Most readers stand before the last entry only.
    if ((this.#items[high - 1]?.entry.seq ?? 0) <= seq) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle]?.entry.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

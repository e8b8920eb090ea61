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
  readonly events: number;
  /** The `seq` up to which the reader is served. */
  readonly next: number;
  /** Whether a frame of the slice has an id. */
  readonly moves: boolean;
}

interface Kept {
  readonly entry: Entry;
  readonly frame: Uint8Array;
  /** A newer `latest` value of its key is in the ring. */
  superseded: boolean;
}

/** The most bytes of one slice, unless a single frame is longer. */
const SLICE_BYTES = 64 * 1024;
/** The most entries of one path that are looked at for one slice. */
const RUN_ENTRIES = 512;

/**
 * The process's window of recent entries, with their frames: a cache of the log. It holds every owed entry of every channel after
 * {@link base} up to {@link head}, so whoever stands between the two is served without a read.
 */
export class Ring {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #all = new Window();
  readonly #byPath = new Map<string, Window>();
  readonly #newest = new Map<string, Kept>();
  /** Slices of this turn by the entries they take: connections that take the same share the bytes. */
  readonly #slices = new Map<string, Slice>();
  #head: Cursor = { epoch: "", seq: 0 };
  #base = 0;
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** The position up to which the ring has read the log. */
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
    this.#slices.clear();
    this.#bytes = 0;
    this.#base = head.seq;
    this.#head = head;
  }

  push(entries: readonly Entry[], head: Cursor): void {
    for (const entry of entries) this.#add(entry);
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
    const name = taken.map(({ entry }) => entry.seq).join();
    let slice = this.#slices.get(name);
    if (slice === undefined) {
      slice = {
        bytes: taken.length === 1 ? last.frame : concat(taken.map(({ frame }) => frame)),
        events: taken.length,
        next: last.entry.seq,
        moves: taken.some(({ entry }) => entry.mode !== "volatile"),
      };
      this.#slices.set(name, slice);
    }
    return slice;
  }

  /** Forgets the shared bytes; the next turn will hardly ask for the same. */
  endTurn(): void {
    this.#slices.clear();
  }

  #owed({ cursor, froms }: Reader, now: number): Kept[] {
    for (let seq = cursor.seq; ; ) {
      const { run, end } = this.#run(seq, froms);
      const taken: Kept[] = [];
      let bytes = 0;
      for (const kept of run) {
        const { entry, frame, superseded } = kept;
        if (superseded || entry.seq <= (froms.get(entry.channel) ?? Infinity)) continue;
        if (entry.mode === "volatile" && now - entry.at >= VOLATILE_AGE) continue;
        bytes += frame.length;
        if (bytes > SLICE_BYTES && taken.length > 0) break;
        taken.push(kept);
      }
      if (taken.length > 0 || end === null) return taken;
      seq = end;
    }
  }

  /** The next entries of the paths in order, and where they end if not at the head. */
  #run(seq: number, froms: ReadonlyMap<string, number>): { readonly run: Kept[]; readonly end: number | null } {
    // Looking every path up costs more than walking over the few entries since.
    if (froms.size > this.#head.seq - seq) return { run: this.#all.after(seq, Infinity), end: null };
    const lists: Kept[][] = [];
    let end = Infinity;
    for (const path of froms.keys()) {
      const list = this.#byPath.get(path)?.after(seq, RUN_ENTRIES) ?? [];
      if (list.length > 0) lists.push(list);
      // A list that was cut says nothing about what comes after its last entry.
      if (list.length === RUN_ENTRIES) end = Math.min(end, list.at(-1)?.entry.seq ?? Infinity);
    }
    const [first = []] = lists;
    if (lists.length <= 1) return { run: first, end: end === Infinity ? null : end };
    const run = lists.flat().sort((one, other) => one.entry.seq - other.entry.seq);
    return end === Infinity ? { run, end: null } : { run: run.filter(({ entry }) => entry.seq <= end), end };
  }

  #add(entry: Entry): void {
    const kept: Kept = { entry, frame: frameOf(entry), superseded: false };
    if (entry.mode === "latest") {
      const key = keyOf(entry);
      const former = this.#newest.get(key);
      if (former !== undefined) former.superseded = true;
      this.#newest.set(key, kept);
    }
    this.#all.push(kept);
    let list = this.#byPath.get(entry.channel);
    if (list === undefined) this.#byPath.set(entry.channel, (list = new Window()));
    list.push(kept);
    this.#bytes += kept.frame.length;
  }

  #evict(): void {
    const kept = this.#all.shift();
    if (kept === undefined) return;
    const { channel, seq } = kept.entry;
    const list = this.#byPath.get(channel);
    list?.shift();
    if (list?.length === 0) this.#byPath.delete(channel);
    if (this.#newest.get(keyOf(kept.entry)) === kept) this.#newest.delete(keyOf(kept.entry));
    this.#bytes -= kept.frame.length;
    this.#base = seq;
  }
}

function keyOf({ channel, type, key }: Entry): string {
  return `${channel}:${type}:${key ?? ""}`;
}

/** Entries in order, added at the end and dropped from the front. */
class Window {
  #items: Kept[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
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

  after(seq: number, most: number): Kept[] {
    let low = this.#first;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle]?.entry.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return this.#items.slice(low, low + most);
  }
}

import { VOLATILE_AGE, type Entry } from "@tidings/log";
import { EntryIndex, keyOf, takeNext, type Slot } from "@tidings/log/entry-index";
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

/** An entry as the slice of whoever takes nothing else: one frame is shared as it is. */
interface Kept extends Slice {
  readonly entry: Entry;
  /** What the age of a volatile entry counts from, in milliseconds since 1970 by the clock of this process. */
  readonly born: number;
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
  #entries = new EntryIndex<Kept>();
  /** The newest `latest` value of each key. */
  readonly #newest = new Map<string, Slot<Kept>>();
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
    return { entries: this.#entries.all.size, bytes: this.#bytes };
  }

  /** Starts anew at a position: after a hole, or in a new epoch. */
  reset(head: Cursor): void {
    this.#entries = new EntryIndex();
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
    const { all } = this.#entries;
    while (all.size > ringEntries || (this.#bytes > ringBytes && all.size > 1)) {
      const oldest = all.oldest();
      this.#base = oldest?.seq ?? this.#base;
      this.#drop(oldest);
    }
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
    if (taken.length === 1) return first;
    const entries = taken.map(({ entry }) => entry);
    const next = entries.at(-1)?.seq ?? 0;
    const hash = entries.reduce((sum, { seq }) => (Math.imul(sum, 31) + seq) | 0, entries.length);
    const known = this.#slices.get(hash);
    // The hash only finds the slice; what it takes decides.
    const isSame =
      known?.entries.length === entries.length && entries.every((entry, at) => entry === known.entries[at]);
    if (isSame) return known;
    const slice = { entries, next, bytes: concat(taken.map(({ bytes }) => bytes)) };
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
    // Looking every path up costs more than walking over the few entries since.
    const paths = froms.size > this.head.seq - cursor.seq ? null : froms.keys();
    const runs = this.#entries.runs(paths, (list) => list.after(cursor.seq));
    const taken: Kept[] = [];
    let size = 0;
    for (let kept = takeNext(runs); kept !== null; kept = takeNext(runs)) {
      const { entry, bytes, born } = kept;
      if (entry.seq <= (froms.get(entry.channel) ?? Infinity)) continue;
      // A distance, not an age: a clock that goes back makes nothing young for ever.
      if (entry.mode === "volatile" && Math.abs(now - born) >= VOLATILE_AGE) continue;
      size += bytes.length;
      if (size > SLICE_BYTES && taken.length > 0) break;
      taken.push(kept);
    }
    return taken;
  }

  #add(entry: Entry, now: number): void {
    const { seq, at, channel, mode } = entry;
    // Clocks of different machines are not compared further than this; such an entry is as old as its stay in the ring.
    const born = Math.abs(now - at) < VOLATILE_AGE ? at : now;
    const kept = { entry, born, entries: [entry], next: seq, bytes: frameOf(entry) };
    const place: Slot<Kept> = { seq, item: kept };
    if (mode === "latest") {
      const name = keyOf(entry);
      this.#drop(this.#newest.get(name));
      this.#newest.set(name, place);
    }
    this.#entries.add(channel, place);
    this.#bytes += kept.bytes.length;
  }

  #drop(place: Slot<Kept> | undefined): void {
    const kept = place?.item ?? null;
    if (place === undefined || kept === null) return;
    const { entry, bytes } = kept;
    this.#entries.drop(entry.channel, place);
    if (entry.mode === "latest") this.#newest.delete(keyOf(entry));
    this.#bytes -= bytes.length;
  }
}

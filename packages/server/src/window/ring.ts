import type { LowerBounds } from "../position/lower-bounds.ts";
import { VOLATILE_AGE, type Entry } from "@tidings/log";
import { EntryIndex, keyOf, takeNext, type Slot } from "@tidings/log/entry-index";
import type { Cursor } from "@tidings/protocol";
import type { Limits } from "../runtime/limits.ts";
import { entryFrame } from "../wire/frame.ts";
import { OwedEntries } from "./owed-entries.ts";
import type { RingBatch, RingEntry } from "./ring-entry.ts";

/** What the ring has to know of a connection: its position, and the lower bound of each of its paths. */
export interface ReadPosition {
  readonly cursor: Cursor;
  readonly fromByPath: LowerBounds;
  /** The `seq` up to which it may be served; `Infinity` for as far as the ring goes. */
  readonly upTo: number;
}

/** A connection is near the head if there are no more entries than this between the two. */
const NEAR = 32;
/** The most batches that are kept for other connections that take the same entries. */
const SHARED_BATCHES = 64;

/**
 * The process's window of recent entries, with their frames: a cache of the log. It holds every owed entry of every
 * channel after its start up to {@link head}, so a connection that stands between the two is served without a read. The
 * window may reach over several epochs, as long as the log has gone on from one to the next without a loss.
 */
export class Ring {
  readonly #limits: Pick<Limits, "ringEntries" | "ringBytes">;
  #entries = new EntryIndex<RingEntry>();
  /** The newest `latest` value of each key. */
  readonly #newest = new Map<string, Slot<RingEntry>>();
  /** Batches of this turn, by a hash of the entries in them: connections that take the same entries share the bytes. */
  readonly #sharedBatches = new Map<number, RingBatch>();
  /** What the connection is owed that asks for its next batch. */
  readonly #owed = new OwedEntries();
  /** The position up to which the ring has read the log. It is another object whenever it moves. */
  head: Cursor = { epoch: "", seq: 0 };
  #start = 0;
  #bytes = 0;
  /** By epoch that the head has left without a hole: the last `seq` of it that the ring has read. */
  readonly #ends = new Map<string, number>();

  constructor(limits: Pick<Limits, "ringEntries" | "ringBytes">) {
    this.#limits = limits;
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries.all.size, bytes: this.#bytes };
  }

  /** Empties the ring and starts at a position: at the beginning, after a hole, or in another log. */
  reset(head: Cursor): void {
    this.#entries = new EntryIndex();
    this.#newest.clear();
    this.forgetBatches();
    this.#ends.clear();
    this.#bytes = 0;
    this.#start = head.seq;
    this.head = head;
  }

  /**
   * Takes what the log has after the head. The log has confirmed the old head, also when the new one is of another
   * epoch. @param now milliseconds since 1970
   */
  push(entries: readonly Entry[], head: Cursor, now: number): void {
    if (head.epoch !== this.head.epoch) {
      for (const { epoch, seq } of [this.head, ...entries]) {
        if (epoch !== head.epoch) this.#ends.set(epoch, seq);
      }
    }
    for (const entry of entries) this.#add(entry, now);
    this.head = head;
    const { ringEntries, ringBytes } = this.#limits;
    const { all } = this.#entries;
    while (all.size > ringEntries || (this.#bytes > ringBytes && all.size > 1)) {
      const oldest = all.oldest();
      this.#start = oldest?.seq ?? this.#start;
      this.#drop(oldest);
    }
    for (const [epoch, end] of this.#ends) {
      if (end < this.#start) this.#ends.delete(epoch);
    }
  }

  /**
   * Whether the ring can serve a connection at this position. Of an epoch that is over, it serves no more than it
   * has read itself: what comes after that may be lost, and the log decides (law 4).
   */
  covers({ epoch, seq }: Cursor): boolean {
    return seq >= this.#start && seq <= this.endOf(epoch);
  }

  /** The last `seq` of an epoch that the ring has read; -1 for an epoch that it does not know. */
  endOf(epoch: string): number {
    return epoch === this.head.epoch ? this.head.seq : (this.#ends.get(epoch) ?? -1);
  }

  /**
   * The next batch that a covered connection is owed; null when it has everything.
   * @param now milliseconds since 1970
   */
  nextBatch(position: ReadPosition, now: number): RingBatch | null {
    const { cursor, fromByPath } = position;
    // To look up every path costs more than to walk over the few entries since the cursor.
    if (this.head.seq - cursor.seq <= Math.max(NEAR, fromByPath.size)) this.#findNear(position, now);
    else this.#findByPath(position, now);
    const batch = this.#owed.count > 1 ? this.#share() : this.#owed.only;
    this.#owed.clear();
    return batch;
  }

  /** Forgets the shared batches of this turn; connections of the next turn hardly ever take the same entries. */
  forgetBatches(): void {
    this.#sharedBatches.clear();
  }

  /** The batch of several entries: the one that another connection has taken already, if there is one. */
  #share(): RingBatch {
    const { hash } = this.#owed;
    const shared = this.#sharedBatches.get(hash);
    // The hash only finds the batch; its entries decide.
    if (shared !== undefined && this.#owed.isOf(shared)) return shared;
    const batch = this.#owed.toBatch();
    // Connections that catch up take batches outside of any turn, each its own.
    if (this.#sharedBatches.size >= SHARED_BATCHES) this.forgetBatches();
    this.#sharedBatches.set(hash, batch);
    return batch;
  }

  /** Walks over all entries since the cursor. */
  #findNear(position: ReadPosition, now: number): void {
    const { all } = this.#entries;
    for (let index = all.indexAfter(position.cursor.seq); index < all.end; index++) {
      const found = all.at(index);
      if (found !== null && !this.#take(found, position, now)) return;
    }
  }

  /** Walks along the lists of the paths. */
  #findByPath(position: ReadPosition, now: number): void {
    const runs = this.#entries.runs(position.fromByPath.keys(), (list) => list.after(position.cursor.seq));
    for (let found = takeNext(runs); found !== null; found = takeNext(runs)) {
      if (!this.#take(found, position, now)) return;
    }
  }

  /** Notes an entry if it is owed. Says whether there may be more for this batch. */
  #take(found: RingEntry, { fromByPath, upTo }: ReadPosition, now: number): boolean {
    const { entry, bornAt } = found;
    if (entry.seq > upTo) return false;
    const isOwed = entry.seq > (fromByPath.get(entry.channel) ?? Infinity);
    if (!isOwed || (entry.mode === "volatile" && isTooOld(bornAt, now))) return true;
    return this.#owed.add(found);
  }

  #add(entry: Entry, now: number): void {
    const { seq, at, channel, mode } = entry;
    // If the clocks of two machines differ by more than this, the entry's age counts from when it came into the ring.
    const bornAt = isTooOld(at, now) ? now : at;
    const added = { entry, bornAt, entries: [entry], next: entry, chunk: entryFrame(entry) };
    const slot: Slot<RingEntry> = { seq, item: added };
    if (mode === "latest") {
      const key = keyOf(entry);
      this.#drop(this.#newest.get(key));
      this.#newest.set(key, slot);
    }
    this.#entries.add(channel, slot);
    this.#bytes += added.chunk.bytes.length;
  }

  #drop(slot: Slot<RingEntry> | undefined): void {
    const dropped = slot?.item ?? null;
    if (slot === undefined || dropped === null) return;
    const { entry, chunk } = dropped;
    this.#entries.drop(entry.channel, slot);
    if (entry.mode === "latest") this.#newest.delete(keyOf(entry));
    this.#bytes -= chunk.bytes.length;
  }
}

/**
 * Whether a volatile entry is not owed any more. A distance is compared, so that a clock that goes back keeps nothing
 * for ever.
 */
export function isTooOld(bornAt: number, now: number): boolean {
  return Math.abs(now - bornAt) >= VOLATILE_AGE;
}

import { VOLATILE_AGE, type Entry } from "@tidings/log";
import { EntryIndex, keyOf, takeNext, type Slot } from "@tidings/log/entry-index";
import type { Cursor } from "@tidings/protocol";
import type { Limits } from "../runtime/limits.ts";
import type { Batch } from "../wire/batch.ts";
import { joinChunks } from "../wire/chunk.ts";
import { entryFrame } from "../wire/frame.ts";

/** What the ring has to know of a connection: its position, and the lower bound of each of its paths. */
export interface ReadPosition {
  readonly cursor: Cursor;
  readonly fromByPath: ReadonlyMap<string, number>;
  /** The `seq` up to which it may be served; `Infinity` for as far as the ring goes. */
  readonly upTo: number;
}

/** What a connection is owed next. */
interface RingBatch extends Batch {
  /** The position up to which the connection is served by this batch: that of its last entry. */
  readonly next: Cursor;
}

/**
 * An entry with its frame. It is the batch of a connection that takes only this entry, so that its frame is shared as
 * it is.
 */
interface RingEntry extends RingBatch {
  readonly entry: Entry;
  /** From when the age of a volatile entry counts, in milliseconds since 1970 by the clock of this process. */
  readonly bornAt: number;
}

/** The most bytes of one batch, unless a single frame is longer. */
export const BATCH_BYTES = 64 * 1024;
/** The most batches that are kept for other connections that take the same entries. */
const SHARED_BATCHES = 64;

/**
 * The process's window of recent entries, with their frames: a cache of the log. It holds every owed entry of every
 * channel after its base up to {@link head}, so a connection that stands between the two is served without a read. The
 * window may reach over several epochs, as long as the log has gone on from one to the next without a loss.
 */
export class Ring {
  readonly #limits: Pick<Limits, "ringEntries" | "ringBytes">;
  #entries = new EntryIndex<RingEntry>();
  /** The newest `latest` value of each key. */
  readonly #newest = new Map<string, Slot<RingEntry>>();
  /** Batches of this turn, by a hash of the entries in them: connections that take the same entries share the bytes. */
  readonly #sharedBatches = new Map<number, RingBatch>();
  /** The position up to which the ring has read the log. It is another object whenever it moves. */
  head: Cursor = { epoch: "", seq: 0 };
  #base = 0;
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
    this.#base = head.seq;
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
      this.#base = oldest?.seq ?? this.#base;
      this.#drop(oldest);
    }
    for (const [epoch, end] of this.#ends) {
      if (end < this.#base) this.#ends.delete(epoch);
    }
  }

  /**
   * Whether the ring can serve a connection at this position. Of an epoch that is over, it serves no more than it
   * has read itself: what comes after that may be lost, and the log decides (law 4).
   */
  covers({ epoch, seq }: Cursor): boolean {
    return seq >= this.#base && seq <= this.endOf(epoch);
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
    const owed = this.#owed(position, now);
    const [first] = owed;
    if (first === undefined) return null;
    if (owed.length === 1) return first;
    return this.#share(owed);
  }

  /** Forgets the shared batches of this turn; connections of the next turn hardly ever take the same entries. */
  forgetBatches(): void {
    this.#sharedBatches.clear();
  }

  /** One batch of several entries: the one that another connection has taken already, if there is one. */
  #share(owed: readonly RingEntry[]): RingBatch {
    const entries = owed.map(({ entry }) => entry);
    const hash = entries.reduce((sum, { seq }) => (Math.imul(sum, 31) + seq) | 0, entries.length);
    const shared = this.#sharedBatches.get(hash);
    // The hash only finds the batch; its entries decide.
    const isSame =
      shared?.entries.length === entries.length && entries.every((entry, at) => entry === shared.entries[at]);
    if (isSame) return shared;
    const next = entries.at(-1) ?? this.head;
    const batch = { entries, next, chunk: joinChunks(owed.map(({ chunk }) => chunk)) };
    // Connections that catch up take batches outside of any turn, each its own.
    if (this.#sharedBatches.size >= SHARED_BATCHES) this.forgetBatches();
    this.#sharedBatches.set(hash, batch);
    return batch;
  }

  #owed({ cursor, fromByPath, upTo }: ReadPosition, now: number): RingEntry[] {
    // To look up every path costs more than to walk over the few entries since the cursor.
    const paths = fromByPath.size > this.head.seq - cursor.seq ? null : fromByPath.keys();
    const runs = this.#entries.runs(paths, (list) => list.after(cursor.seq));
    const owed: RingEntry[] = [];
    let size = 0;
    for (let next = takeNext(runs); next !== null; next = takeNext(runs)) {
      const { entry, chunk, bornAt } = next;
      if (entry.seq > upTo) break;
      if (entry.seq <= (fromByPath.get(entry.channel) ?? Infinity)) continue;
      if (entry.mode === "volatile" && isTooOld(bornAt, now)) continue;
      size += chunk.bytes.length;
      if (size > BATCH_BYTES && owed.length > 0) break;
      owed.push(next);
    }
    return owed;
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

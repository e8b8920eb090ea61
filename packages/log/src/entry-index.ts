import type { Entry } from "./event-log.ts";

/**
 * What the list of a channel and the list of all channels share for one item, so that it is dropped from both at once.
 */
export interface Slot<Item> {
  readonly seq: number;
  /** Null once it is dropped. A list that is not swept yet still holds the slot, never the item. */
  item: Item | null;
}

/** A sweep is not worth it for fewer dropped slots than this. */
const SWEEP = 32;

/**
 * Slots in `seq` order. Dropped ones are swept out when they outnumber the others, so that dropping costs O(1)
 * amortised wherever the slot is.
 */
export class EntryList<Item> {
  #slots: Slot<Item>[] = [];
  /** Everything before this index is dropped. */
  #first = 0;
  #dropped = 0;

  get size(): number {
    return this.#slots.length - this.#dropped;
  }

  add(slot: Slot<Item>): void {
    this.#slots.push(slot);
  }

  /** To be called after one of the slots of this list was dropped. */
  noteDrop(): void {
    this.#dropped++;
    if (this.#dropped <= SWEEP || this.#dropped <= this.#slots.length / 2) return;
    this.#slots = this.#slots.filter(({ item }) => item !== null);
    this.#first = 0;
    this.#dropped = 0;
  }

  /** All slots that are not dropped, in the order of `seq`. */
  slots(): Slot<Item>[] {
    return this.#slots.filter(({ item }) => item !== null);
  }

  oldest(): Slot<Item> | undefined {
    while (this.#slots[this.#first]?.item === null) this.#first++;
    return this.#slots[this.#first];
  }

  newest(): Slot<Item> | undefined {
    return this.#slots.findLast(({ item }) => item !== null);
  }

  /** Forwards from the first slot after a position. The list must not change meanwhile. */
  after(seq: number): Run<Item> {
    return advance({ slots: this.#slots, step: 1, index: this.indexAfter(seq) - 1, item: null, rank: 0 });
  }

  /** Backwards from the last slot before a position. The list must not change meanwhile. */
  before(seq: number): Run<Item> {
    return advance({ slots: this.#slots, step: -1, index: this.indexAfter(seq - 1), item: null, rank: 0 });
  }

  /** The end of the indexes of {@link EntryList.at}. */
  get end(): number {
    return this.#slots.length;
  }

  /** The item at an index; null if it is dropped. For a loop over a few items, which needs no {@link Run}. */
  at(index: number): Item | null {
    return this.#slots[index]?.item ?? null;
  }

  /** The index of the first slot after a position. Dropping one changes the indexes. */
  indexAfter(seq: number): number {
    let low = 0;
    let high = this.#slots.length;
    // Most readers have everything: they stand at the last entry.
    if ((this.#slots[high - 1]?.seq ?? 0) <= seq) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A walk along one list. */
export interface Run<Item> {
  readonly slots: readonly Slot<Item>[];
  readonly step: 1 | -1;
  index: number;
  /** The item that comes next; null at the end. */
  item: Item | null;
  /**
   * `seq` on the way forwards, `-seq` backwards: of two runs, the one with the smaller rank goes first. `Infinity` at
   * the end.
   */
  rank: number;
}

function advance<Item>(run: Run<Item>): Run<Item> {
  let slot: Slot<Item> | undefined;
  do slot = run.slots[(run.index += run.step)];
  while (slot?.item === null);
  run.item = slot?.item ?? null;
  run.rank = slot === undefined ? Infinity : slot.seq * run.step;
  return run;
}

/**
 * Takes the next item of several runs in one direction, as if they were one. It looks at every run: that costs nothing
 * for the few channels of most readers, and a microsecond for a hundred (see benchmarks/). No generator, since this
 * runs for every entry that is read.
 */
export function takeNext<Item>(runs: readonly Run<Item>[]): Item | null {
  let first: Run<Item> | undefined;
  let least = Infinity;
  for (const run of runs) {
    if (run.rank < least) {
      first = run;
      least = run.rank;
    }
  }
  const item = first?.item ?? null;
  if (first !== undefined) advance(first);
  return item;
}

/** The items of a log, by channel and all together. */
export class EntryIndex<Item> {
  readonly all = new EntryList<Item>();
  /** Only of channels that have something: a volatile entry of a room that nobody uses leaves nothing behind. */
  readonly lists = new Map<string, EntryList<Item>>();

  /** Returns the list of the channel. */
  add(channel: string, slot: Slot<Item>): EntryList<Item> {
    const list = this.lists.get(channel) ?? new EntryList();
    this.lists.set(channel, list);
    this.all.add(slot);
    list.add(slot);
    return list;
  }

  /** Returns whether this was the last item of the channel. */
  drop(channel: string, slot: Slot<Item>): boolean {
    const list = this.lists.get(channel);
    slot.item = null;
    this.all.noteDrop();
    list?.noteDrop();
    return list?.size === 0 && this.lists.delete(channel);
  }

  /** The runs along the lists of some channels, each named once, or along that of all. @param start begins one */
  runs(channels: Iterable<string> | null, start: (list: EntryList<Item>) => Run<Item>): Run<Item>[] {
    if (channels === null) return [start(this.all)];
    const runs: Run<Item>[] = [];
    for (const channel of channels) {
      const list = this.lists.get(channel);
      const run = list === undefined ? null : start(list);
      if (run?.item) runs.push(run);
    }
    return runs;
  }
}

/** Names what a newer `latest` entry replaces. The lengths keep the parts apart, whatever characters they have. */
export function keyOf({ channel, type, key = "" }: Pick<Entry, "channel" | "type" | "key">): string {
  return `${channel.length} ${channel}${type.length} ${type}${key}`;
}

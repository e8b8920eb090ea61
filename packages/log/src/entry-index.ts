import type { Entry } from "./event-log.ts";

/** Where something stands in a log: in a list of its channel and in one of all channels. It is dropped from both at once. */
export interface Place<Item> {
  readonly seq: number;
  /** Null once dropped: a list that is not swept yet holds the place, never what stood there. */
  item: Item | null;
}

/** Fewer dropped places than this are not worth a sweep. */
const SWEEP = 32;

/**
 * Places in `seq` order. Dropped ones are swept out when they outnumber the others, so that dropping costs O(1) amortised wherever
 * the place is.
 */
class EntryList<Item> {
  #places: Place<Item>[] = [];
  /** Everything before this index is dropped. */
  #first = 0;
  #dropped = 0;

  get size(): number {
    return this.#places.length - this.#dropped;
  }

  add(place: Place<Item>): void {
    this.#places.push(place);
  }

  /** Tells the list that one of its places was dropped. */
  noteDrop(): void {
    this.#dropped++;
    if (this.#dropped <= SWEEP || this.#dropped <= this.#places.length / 2) return;
    this.#places = this.#places.filter(({ item }) => item !== null);
    this.#first = 0;
    this.#dropped = 0;
  }

  oldest(): Place<Item> | undefined {
    while (this.#places[this.#first]?.item === null) this.#first++;
    return this.#places[this.#first];
  }

  /** Forwards from the first place after a position. The list must not change meanwhile. */
  after(seq: number): Run<Item> {
    return advance({ places: this.#places, step: 1, index: this.#indexAfter(seq) - 1, item: null, rank: 0 });
  }

  /** Backwards from the last place before a position. The list must not change meanwhile. */
  before(seq: number): Run<Item> {
    return advance({ places: this.#places, step: -1, index: this.#indexAfter(seq - 1), item: null, rank: 0 });
  }

  #indexAfter(seq: number): number {
    let low = 0;
    let high = this.#places.length;
    // Most readers have everything: they stand at the last entry.
    if ((this.#places[high - 1]?.seq ?? 0) <= seq) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A walk along one list. */
export interface Run<Item> {
  readonly places: readonly Place<Item>[];
  readonly step: 1 | -1;
  index: number;
  /** Where it has come to. */
  item: Item | null;
  /** `seq` on the way forwards, `-seq` backwards: of two runs, the one with the smaller rank goes first. `Infinity` at the end. */
  rank: number;
}

function advance<Item>(run: Run<Item>): Run<Item> {
  let place: Place<Item> | undefined;
  do place = run.places[(run.index += run.step)];
  while (place?.item === null);
  run.item = place?.item ?? null;
  run.rank = place === undefined ? Infinity : place.seq * run.step;
  return run;
}

/**
 * The next of several runs in one direction, as if they were one. It costs a look at every run: nothing for the few channels of most
 * readers, a microsecond for a hundred; see benchmarks/. No generator, since this runs once for every entry that is read.
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

/** What stands in a log, by channel and all together. */
export class EntryIndex<Item> {
  readonly all = new EntryList<Item>();
  /** Only of channels that have something: a typing hint of a room nobody uses leaves nothing behind. */
  readonly lists = new Map<string, EntryList<Item>>();

  /** Returns the list of the channel. */
  add(channel: string, place: Place<Item>): EntryList<Item> {
    const list = this.lists.get(channel) ?? new EntryList();
    this.lists.set(channel, list);
    this.all.add(place);
    list.add(place);
    return list;
  }

  drop(channel: string, place: Place<Item>): void {
    const list = this.lists.get(channel);
    place.item = null;
    this.all.noteDrop();
    list?.noteDrop();
    if (list?.size === 0) this.lists.delete(channel);
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

/** What a newer `latest` entry replaces; the lengths keep the parts apart, whatever characters they have. */
export function nameOf({ channel, type, key = "" }: Entry): string {
  return `${channel.length} ${channel}${type.length} ${type}${key}`;
}

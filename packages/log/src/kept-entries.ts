import { AgedEntries } from "./aged-entries.ts";
import { byteLength } from "./byte-length.ts";
import { isEnd } from "./ended-error.ts";
import { EntryIndex, keyOf, type EntryList, type Slot } from "./entry-index.ts";
import { VOLATILE_AGE, type ChannelKeep, type Entry, type Keep, type KeepRules } from "./event-log.ts";
import { findKeep } from "./keep-rules.ts";
import { EVICTED, isYoung, kindOf, leavesHole, retentionOf, type Kind } from "./kind.ts";
import { Lifetimes } from "./lifetimes.ts";
import { TrimMarks } from "./trim-marks.ts";

/**
 * What an entry costs beside its data, in bytes: 187 were measured on Node 20. It makes `keep.bytes` a bound on memory.
 */
const ENTRY_BYTES = 200;

const EVERY_KIND: readonly Kind[] = ["reliable", "withdrawal", "volatile", "latest"];

/** What a log has to do besides when an entry is dropped. */
interface DropListener {
  noteDrop(slot: Slot<Entry>): void;
}

/**
 * The entries that a memory log keeps, and what retention does to them. An entry comes in by `add` alone, and goes when
 * a newer one of its key replaces it, or when retention drops it. What is lost to readers leaves a mark in `trimmed`.
 */
export class KeptEntries {
  readonly byKind: Readonly<Record<Kind, EntryIndex<Entry>>> = {
    reliable: new EntryIndex(),
    latest: new EntryIndex(),
    withdrawal: new EntryIndex(),
    volatile: new EntryIndex(),
  };
  readonly trimmed: TrimMarks;
  readonly #keep: Keep;
  readonly #burst: number;
  readonly #listener: DropListener;
  /** The newest value or withdrawal of each channel, type and key. */
  readonly #newest = new Map<string, Slot<Entry>>();
  readonly #lifetimes = new Lifetimes();
  /** What is kept of a channel: an object for each rule. */
  #keepOf: (channel: string) => ChannelKeep;
  #aged = new AgedEntries();
  /** Lists that have more entries than their rule keeps, since the last `trim()`, with that rule. */
  readonly #crowded = new Map<EntryList<Entry>, ChannelKeep>();
  /** Bytes that count against `keep.bytes`. */
  #weighedBytes = 0;
  /** Bytes of what retention may not drop. */
  #otherBytes = 0;

  /** @param burst how many entries a channel may have above those that are kept, until the next `trim()` */
  constructor(keep: Keep, burst: number, listener: DropListener) {
    this.#keep = keep;
    this.#keepOf = () => keep;
    this.#burst = burst;
    this.#listener = listener;
    this.trimmed = new TrimMarks(keep.emptyChannels, (channel) => this.#kindsOf(channel) > 0);
  }

  /** How many entries there are, volatile ones too. */
  get size(): number {
    return Object.values(this.byKind).reduce((sum, { all }) => sum + all.size, 0);
  }

  /** What the entries cost in memory. */
  get bytes(): number {
    return this.#weighedBytes + this.#otherBytes;
  }

  /** Every channel that has an entry or a mark. */
  channels(): string[] {
    const kept = Object.values(this.byKind).flatMap((index) => [...index.lists.keys()]);
    return [...kept, ...this.trimmed.marks.keys()];
  }

  isOwed(entry: Entry, now: number): boolean {
    if (entry.mode === "reliable") return true;
    const lifetime = entry.mode === "volatile" ? VOLATILE_AGE : this.#lifetimes.of(entry);
    return isYoung(entry.at, now, lifetime);
  }

  /** The value that an entry of this key would replace; null if there is none. */
  valueOf(key: Pick<Entry, "channel" | "type" | "key">, now: number): Entry | null {
    const newest = this.#newest.get(keyOf(key))?.item ?? null;
    if (newest === null || newest.data === null) return null;
    return this.isOwed(newest, now) ? newest : null;
  }

  /** The end of a channel; null if it has not ended. Nothing comes after an end, so it is the newest entry. */
  endOf(channel: string): Entry | null {
    const newest = this.byKind.reliable.lists.get(channel)?.newest()?.item ?? null;
    return newest !== null && isEnd(newest) ? newest : null;
  }

  /** The values that have expired and are not withdrawn yet. */
  expired(now: number): Entry[] {
    return this.#lifetimes.expired((entry) => this.isOwed(entry, now));
  }

  /** Keeps a new entry, the newest of all. @param lifetime milliseconds after which a value expires */
  add(entry: Entry, lifetime: number | undefined, now: number): Slot<Entry> {
    const { seq, channel, mode } = entry;
    const kind = kindOf(entry);
    const slot = { seq, item: entry };
    if (kind === "latest" && lifetime !== undefined) this.#lifetimes.add(entry, lifetime);

    const list = this.byKind[kind].add(channel, slot);
    if (list.size === 1 && kind !== "volatile" && this.#kindsOf(channel) === 1) this.trimmed.use(channel);
    this.#weigh(entry, kind, 1);
    if (mode === "latest") this.#supersede(entry, slot);
    this.#retain(kind, list, slot);
    // Volatile entries are dropped here, too: nothing else bounds how many come between two trims.
    if (kind === "volatile") this.#dropVolatile(now);
    if (this.#weighedBytes > this.#keep.bytes) this.#evict();
    return slot;
  }

  /** Goes by other rules from now on. It looks at everything once, and drops nothing before the next `trim()`. */
  setRules(rules: KeepRules): void {
    this.#keepOf = findKeep(rules);
    this.#aged = new AgedEntries();
    this.#crowded.clear();
    const slots = EVERY_KIND.flatMap((kind) => (retentionOf[kind].isAged ? this.byKind[kind].all.slots() : []));
    for (const slot of slots.toSorted((one, other) => one.seq - other.seq)) {
      if (slot.item !== null) this.#aged.add(this.#keepOf(slot.item.channel), slot);
    }
    for (const kind of EVERY_KIND) {
      if (!retentionOf[kind].isCounted) continue;
      for (const [channel, list] of this.byKind[kind].lists) this.#noteCrowd(list, this.#keepOf(channel));
    }
  }

  /** Drops what retention does not keep any more. */
  trim(now: number): void {
    for (let slot = this.#aged.findAged(now); slot; slot = this.#aged.findAged(now)) this.#drop(slot);
    this.#dropCrowd();
    this.#dropVolatile(now);
    // After its end, nothing of a channel is withdrawn.
    for (const entry of this.expired(now)) {
      if (this.endOf(entry.channel) !== null) this.#drop(this.#newest.get(keyOf(entry)));
    }
  }

  /** The former value or withdrawal of the key goes. */
  #supersede(entry: Entry, slot: Slot<Entry>): void {
    const key = keyOf(entry);
    const former = this.#newest.get(key);
    this.#newest.set(key, slot);
    this.#drop(former);
  }

  /** Nothing of a channel outlives its end. */
  #forget(channel: string): void {
    for (const kind of EVERY_KIND) {
      const list = this.byKind[kind].lists.get(channel);
      for (let slot = list?.oldest(); slot?.item; slot = list?.oldest()) this.#remove(slot, slot.item);
    }
    this.trimmed.forget(channel);
  }

  /** Volatile entries go as soon as nobody is owed them. */
  #dropVolatile(now: number): void {
    this.#dropOldest("volatile", (entry) => !this.isOwed(entry, now));
  }

  /** Lets retention know of a new entry. */
  #retain(kind: Kind, list: EntryList<Entry>, slot: Slot<Entry>): void {
    const { isAged, isCounted } = retentionOf[kind];
    if (slot.item === null || (!isAged && !isCounted)) return;
    const keep = this.#keepOf(slot.item.channel);
    if (isAged) this.#aged.add(keep, slot);
    if (isCounted) this.#crowd(list, keep);
  }

  /** Notes whether a list has too many entries, and bounds how many. */
  #crowd(list: EntryList<Entry>, keep: ChannelKeep): void {
    this.#noteCrowd(list, keep);
    if (list.size > keep.entries + this.#burst) this.#drop(list.oldest());
  }

  #noteCrowd(list: EntryList<Entry>, keep: ChannelKeep): void {
    if (list.size > keep.entries) this.#crowded.set(list, keep);
  }

  /** Drops what channels have above the entries that are kept of them. */
  #dropCrowd(): void {
    for (const [list, { entries }] of this.#crowded) {
      for (let slot = list.oldest(); slot && list.size > entries; slot = list.oldest()) this.#drop(slot);
    }
    this.#crowded.clear();
  }

  /** There are too many bytes. First the busy channels give back what they have above the entries that are kept. */
  #evict(): void {
    this.#dropCrowd();
    for (const kind of EVICTED) this.#dropOldest(kind, () => this.#weighedBytes > this.#keep.bytes);
  }

  #dropOldest(kind: Kind, isDue: (entry: Entry) => boolean): void {
    const { all } = this.byKind[kind];
    for (let slot = all.oldest(); slot?.item && isDue(slot.item); slot = all.oldest()) this.#drop(slot);
  }

  #drop(slot: Slot<Entry> | undefined): void {
    const entry = slot?.item ?? null;
    if (slot === undefined || entry === null) return;
    const isLast = this.#remove(slot, entry);
    if (isEnd(entry)) this.#forget(entry.channel);
    else if (isLast && this.#kindsOf(entry.channel) === 0) this.trimmed.leave(entry.channel);
  }

  /** Says whether it was the last entry of its channel that has this kind. */
  #remove(slot: Slot<Entry>, entry: Entry): boolean {
    const kind = kindOf(entry);
    const isLast = this.byKind[kind].drop(entry.channel, slot);
    if (retentionOf[kind].isAged) this.#aged.noteDrop(this.#keepOf(entry.channel));
    this.#lifetimes.delete(entry);
    this.#listener.noteDrop(slot);
    this.#weigh(entry, kind, -1);
    const isNewestOfKey = entry.mode === "latest" && this.#newest.get(keyOf(entry)) === slot;
    if (isNewestOfKey) this.#newest.delete(keyOf(entry));
    if (leavesHole(kind, isNewestOfKey)) this.trimmed.move(entry.channel, entry.seq);
    return isLast;
  }

  /** How many kinds of entries are kept of a channel. Volatile entries do not count: they leave no hole. */
  #kindsOf(channel: string): number {
    const { reliable, latest, withdrawal } = this.byKind;
    return (
      Number(reliable.lists.has(channel)) + Number(latest.lists.has(channel)) + Number(withdrawal.lists.has(channel))
    );
  }

  #weigh({ data }: Entry, kind: Kind, sign: 1 | -1): void {
    const bytes = sign * (ENTRY_BYTES + byteLength(data ?? ""));
    if (retentionOf[kind].isWeighed) this.#weighedBytes += bytes;
    else this.#otherBytes += bytes;
  }
}

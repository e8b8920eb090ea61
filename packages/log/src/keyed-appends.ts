import type { Slot } from "./entry-index.ts";
import { IDEMPOTENCY_AGE, type Entry, type NewEntry } from "./event-log.ts";

/** An append that had an idempotency key. */
interface KeyedAppend {
  readonly name: string;
  readonly slot: Slot<Entry>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Names an idempotency key of a channel. The length keeps the parts apart, whatever characters they have. */
export function nameOfKey({ channel, idempotencyKey }: NewEntry): string | null {
  return idempotencyKey === undefined ? null : `${channel.length} ${channel}${idempotencyKey}`;
}

/**
 * The appends that had an idempotency key. A key stays as long as its entry is kept, and for ten minutes at least. So
 * their number is bounded by what the log keeps and by what is published in ten minutes and one interval of `trim()`.
 */
export class KeyedAppends {
  readonly #byName = new Map<string, Slot<Entry>>();
  /** Keys that were used in the last ten minutes, oldest first. */
  #recent: KeyedAppend[] = [];
  /** Older keys, by their entry, with which they go. */
  readonly #older = new Map<Slot<Entry>, string>();

  /** The first append with a key. */
  find(name: string): Slot<Entry> | undefined {
    return this.#byName.get(name);
  }

  add(append: KeyedAppend): void {
    this.#byName.set(append.name, append.slot);
    this.#recent.push(append);
  }

  /** To be called when an entry is dropped. */
  noteDrop(slot: Slot<Entry>): void {
    if (this.#older.size === 0) return;
    const name = this.#older.get(slot);
    if (name === undefined) return;
    this.#older.delete(slot);
    this.#byName.delete(name);
  }

  /** Forgets the keys of ten minutes ago whose entry is gone. A clock that went back keeps keys for longer. */
  forget(now: number): void {
    const first = this.#recent.findIndex(({ at }) => now - at < IDEMPOTENCY_AGE);
    const old = this.#recent.splice(0, first === -1 ? this.#recent.length : first);
    for (const { name, slot } of old) {
      if (slot.item === null) this.#byName.delete(name);
      else this.#older.set(slot, name);
    }
  }
}

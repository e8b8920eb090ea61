import { EntryList, type Kind, type Stored, type Walk } from "./entry-list.ts";
import { pairName } from "./pair-name.ts";

/** Stands for the lists that were not made. */
const NONE = new EntryList();

/** The entries of one channel, or of the whole log. There are many channels and few use every kind, so lists are made late. */
export class EntryIndex {
  readonly #lists: Partial<Record<Kind, EntryList>> = {};
  #newest: Map<string, Stored> | null = null;

  get size(): number {
    return Object.values(this.#lists).reduce((sum, { size }) => sum + size, 0);
  }

  /** To look at; entries come in by {@link add}. */
  list(kind: Kind): EntryList {
    return this.#lists[kind] ?? NONE;
  }

  add(stored: Stored): void {
    (this.#lists[stored.kind] ??= new EntryList()).push(stored);
  }

  /** The entries of every kind after a position. */
  after(seq: number): Walk[] {
    return Object.values(this.#lists).map((list) => list.after(seq));
  }

  /** Makes a value or a withdrawal the newest of its key and returns the one that it supersedes. */
  supersede(type: string, key: string, stored: Stored): Stored | undefined {
    this.#newest ??= new Map();
    const name = pairName(type, key);
    const superseded = this.#newest.get(name);
    this.#newest.set(name, stored);
    return superseded;
  }

  /** Forgets a key whose withdrawal was dropped. Answers false when it has a newer value, which stays. */
  forget(type: string, key: string, stored: Stored): boolean {
    const name = pairName(type, key);
    return this.#newest?.get(name) === stored && this.#newest.delete(name);
  }
}

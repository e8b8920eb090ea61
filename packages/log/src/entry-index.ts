import { EntryList, type Kept, type Kind, type Stored, type Walk } from "./entry-list.ts";
import { pairName } from "./pair-name.ts";

/** The entries of one channel, or of the whole log. There are many channels and few use every kind, so lists are made late. */
export class EntryIndex {
  readonly #lists: Record<Kind, EntryList | null> = { reliable: null, latest: null, cleared: null, volatile: null };
  #newest: Map<string, Stored> | null = null;

  get size(): number {
    return this.sizeOf("reliable") + this.sizeOf("latest") + this.sizeOf("cleared") + this.sizeOf("volatile");
  }

  sizeOf(kind: Kind): number {
    return this.#lists[kind]?.size ?? 0;
  }

  add(stored: Stored): void {
    (this.#lists[stored.kind] ??= new EntryList()).push(stored);
  }

  noteDrop(kind: Kind): void {
    this.#lists[kind]?.noteDrop();
  }

  oldest(kind: Kind): Kept | undefined {
    return this.#lists[kind]?.oldest();
  }

  /** The entries of every kind after a position. */
  after(seq: number): Walk[] {
    const walks: Walk[] = [];
    for (const list of Object.values(this.#lists)) if (list !== null && list.size > 0) walks.push(list.after(seq));
    return walks;
  }

  /** The entries of one kind after a position. */
  afterOf(kind: Kind, seq: number): Walk[] {
    const list = this.#lists[kind];
    return list === null ? [] : [list.after(seq)];
  }

  /** The entries of one kind before a position, newest first. */
  beforeOf(kind: Kind, seq: number): Walk[] {
    const list = this.#lists[kind];
    return list === null ? [] : [list.before(seq)];
  }

  /** Makes a value or a withdrawal the newest of its key and returns the one that it supersedes. */
  supersede(type: string, key: string, stored: Stored): Stored | undefined {
    this.#newest ??= new Map();
    const name = pairName(type, key);
    const superseded = this.#newest.get(name);
    this.#newest.set(name, stored);
    return superseded;
  }

  /** Forgets a key whose withdrawal was dropped, unless it has a newer value. */
  forget(type: string, key: string, stored: Stored): void {
    const name = pairName(type, key);
    if (this.#newest?.get(name) === stored) this.#newest.delete(name);
  }
}

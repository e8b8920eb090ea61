import { EntryList, type Place, type Run } from "./entry-list.ts";
import type { Entry } from "./event-log.ts";

/** Where an entry is listed: withdrawals apart from the values, since retention drops them. */
export type Kind = Entry["mode"] | "cleared";

export function kindOf({ mode, data }: Pick<Entry, "mode" | "data">): Kind {
  return mode === "latest" && data === null ? "cleared" : mode;
}

/** Stands for the lists that were not made. */
const NONE = new EntryList<Entry>();

/** The entries of one channel, or of the whole log. There are many channels and few use every kind, so lists are made late. */
export class EntryIndex {
  readonly #lists: Partial<Record<Kind, EntryList<Entry>>> = {};

  get size(): number {
    return Object.values(this.#lists).reduce((sum, { size }) => sum + size, 0);
  }

  /** To look at; entries come in by {@link add}. */
  list(kind: Kind): EntryList<Entry> {
    return this.#lists[kind] ?? NONE;
  }

  add(kind: Kind, place: Place<Entry>): void {
    (this.#lists[kind] ??= new EntryList()).add(place);
  }

  /** The entries of every kind after a position. */
  after(seq: number): Run<Entry>[] {
    return Object.values(this.#lists).map((list) => list.after(seq));
  }
}

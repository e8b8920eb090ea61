import type { Entry } from "./event-log.ts";

/** How long the values live that expire. */
export class Lifetimes {
  readonly #lifetimes = new Map<Entry, number>();
  /** By lifetime, oldest first. Applications have few lifetimes, so it costs little to find what has expired. */
  readonly #entries = new Map<number, Set<Entry>>();

  /** @param lifetime milliseconds */
  add(entry: Entry, lifetime: number): void {
    this.#lifetimes.set(entry, lifetime);
    const entries = this.#entries.get(lifetime) ?? new Set();
    this.#entries.set(lifetime, entries);
    entries.add(entry);
  }

  /** In milliseconds; Infinity if the entry does not expire. */
  of(entry: Entry): number {
    return this.#lifetimes.get(entry) ?? Infinity;
  }

  delete(entry: Entry): void {
    const lifetime = this.#lifetimes.get(entry);
    if (lifetime === undefined) return;
    this.#lifetimes.delete(entry);
    const entries = this.#entries.get(lifetime);
    entries?.delete(entry);
    if (entries?.size === 0) this.#entries.delete(lifetime);
  }

  /**
   * The values that have expired. After the clock went back, a value may be found only when the older ones of its
   * lifetime have expired; no read returns it until then.
   */
  expired(isOwed: (entry: Entry) => boolean): Entry[] {
    const expired: Entry[] = [];
    for (const entries of this.#entries.values()) {
      for (const entry of entries) {
        if (isOwed(entry)) break;
        expired.push(entry);
      }
    }
    return expired;
  }
}

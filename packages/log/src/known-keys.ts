import { IDEMPOTENCY_AGE } from "./event-log.ts";
import type { Place } from "./entry-index.ts";

/**
 * The idempotency keys that have been appended. A key is known as long as its entry is kept, and for ten minutes at least, so
 * the map is bounded by what the log keeps and by what is published in ten minutes and one interval of `trim()`.
 */
export class KnownKeys {
  /** Oldest first. A dropped entry has lost its time, so it stands beside it. */
  readonly #known = new Map<string, { readonly place: Place<unknown>; readonly at: number }>();

  /** The `seq` of the entry that was appended with the key first. */
  seqOf(channel: string, key: string): number | undefined {
    return this.#known.get(nameOf(channel, key))?.place.seq;
  }

  add(channel: string, key: string, place: Place<unknown>, at: number): void {
    this.#known.set(nameOf(channel, key), { place, at });
  }

  /** Forgets what nobody was promised. A clock that went back keeps keys for longer, never for less. */
  trim(now: number): void {
    for (const [name, { place, at }] of this.#known) {
      if (now - at < IDEMPOTENCY_AGE) break;
      if (place.item === null) this.#known.delete(name);
    }
  }
}

/** The length keeps the two apart, whatever characters they have. */
function nameOf(channel: string, key: string): string {
  return `${channel.length} ${channel}${key}`;
}

import type { Entry } from "./event-log.ts";

/**
 * How a log keeps an entry: as its mode says. A withdrawal is a kind of its own, since retention drops it, unlike a
 * value.
 */
export type Kind = Entry["mode"] | "withdrawal";

/** The kind of an entry. */
export function kindOf({ mode, data }: Pick<Entry, "mode" | "data">): Kind {
  return mode === "latest" && data === null ? "withdrawal" : mode;
}

/** What retention does to the entries of a kind. */
interface KindRetention {
  /** Whether `keep.entries` bounds how many of a channel are kept. */
  readonly isCounted: boolean;
  /** Whether `keep.age` bounds how long they are kept. */
  readonly isAged: boolean;
  /** Whether they count against `keep.bytes`. */
  readonly isWeighed: boolean;
}

/** The newest values outlive retention; a volatile entry goes as soon as nobody is owed it. */
export const retentionOf: Readonly<Record<Kind, KindRetention>> = {
  reliable: { isCounted: true, isAged: true, isWeighed: true },
  withdrawal: { isCounted: true, isAged: true, isWeighed: true },
  volatile: { isCounted: false, isAged: false, isWeighed: true },
  latest: { isCounted: false, isAged: false, isWeighed: false },
};

/** The kinds that are dropped when the log has too many bytes. The kind with the weakest promise is the first. */
export const EVICTED: readonly Kind[] = ["volatile", "reliable", "withdrawal"];

/**
 * Whether a dropped entry is a loss for a reader. The newest withdrawal of a key is one: a reader that has the value
 * would keep it for ever. After a newer value, the withdrawal is not needed.
 */
export function leavesHole(kind: Kind, isNewestOfKey: boolean): boolean {
  return kind === "reliable" || (kind === "withdrawal" && isNewestOfKey);
}

/**
 * Whether an entry is younger than its lifetime. This is a distance, not an age: when the clock goes back by an hour,
 * what was appended before does not stay young for that hour.
 *
 * @param at when it was appended, in milliseconds since 1970
 * @param lifetime milliseconds
 */
export function isYoung(at: number, now: number, lifetime: number): boolean {
  return Math.abs(now - at) < lifetime;
}

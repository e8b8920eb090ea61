import type { Clock } from "@tidings/protocol/clock";

/**
 * When a stream has to end. A right ends at a time of day. An age is running time: when somebody sets the machine's
 * clock, no stream gets older.
 */
export class Lifetime {
  /** When the first of credentials and rights ends, in milliseconds since 1970. A recheck of the rights changes it. */
  expiresAt: number;
  /** When the stream is too old, in running time: see {@link tooOldAt}. */
  readonly #oldAt: number;

  constructor(expiresAt: number, oldAt: number) {
    this.expiresAt = expiresAt;
    this.#oldAt = oldAt;
  }

  /** Why the stream has to end now; null when it may go on. */
  over(clock: Pick<Clock, "now" | "monotonic">): "expired" | "max-age" | null {
    if (clock.now() >= this.expiresAt) return "expired";
    return clock.monotonic() >= this.#oldAt ? "max-age" : null;
  }
}

/**
 * When a stream is too old: at the maximum age, give or take a tenth.
 * @param now milliseconds of running time, as the result @param random uniform in [0, 1)
 */
export function tooOldAt(now: number, maxAge: number, random: number): number {
  return now + maxAge * (0.9 + 0.2 * random);
}

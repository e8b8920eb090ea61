/** When a stream has to end. Times are milliseconds since 1970. */
export class Lifetime {
  /** When the first of credentials and rights ends. A recheck of the rights changes it. */
  expiresAt: number;
  /** When the stream is too old: see {@link tooOldAt}. */
  readonly #oldAt: number;

  constructor(expiresAt: number, oldAt: number) {
    this.expiresAt = expiresAt;
    this.#oldAt = oldAt;
  }

  /** Why the stream has to end now; null when it may go on. */
  over(now: number): "expired" | "max-age" | null {
    if (now >= this.expiresAt) return "expired";
    return now >= this.#oldAt ? "max-age" : null;
  }
}

/**
 * When a stream is too old, in milliseconds since 1970: at the maximum age, give or take a tenth.
 * @param random uniform in [0, 1)
 */
export function tooOldAt(now: number, maxAge: number, random: number): number {
  return now + maxAge * (0.9 + 0.2 * random);
}

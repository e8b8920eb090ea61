/** The least seconds that a poll waits for an event, however often a proxy cuts it. */
const LEAST_WAIT = 5;

/** What one request may be, as far as a server, or a proxy before it, has told. */
export interface Allowance {
  /** How many channels it may name. */
  channels: number;
  /** How many characters its URL may have. What is longer is sent as POST. */
  url: number;
  /** How many seconds a poll may wait for an event. */
  wait: number;
}

export function createAllowance(): Allowance {
  // Proxies accept URLs of 8 KB, and most cut no answer that takes less than 30 seconds.
  return { channels: Infinity, url: 7_000, wait: 25 };
}

/**
 * A poll has failed. A proxy may have cut it: it lets pass what is shorter.
 * @param wait how many seconds it was allowed to wait
 * @param elapsed after how many milliseconds it has failed
 */
export function noteCut(allowance: Allowance, wait: number, elapsed: number): void {
  if (wait > LEAST_WAIT && elapsed >= 1_000 * LEAST_WAIT) {
    allowance.wait = Math.max(LEAST_WAIT, Math.floor(wait / 2));
  }
}

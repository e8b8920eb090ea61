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

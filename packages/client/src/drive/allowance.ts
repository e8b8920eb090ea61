/** What one request may be, as far as a server, or a proxy before it, has told. */
export interface Allowance {
  /** How many channels it may name. */
  channels: number;
  /** How many characters its URL may have. What is longer is sent as POST. */
  url: number;
}

export function createAllowance(): Allowance {
  // Proxies accept URLs of 8 KB.
  return { channels: Infinity, url: 7_000 };
}

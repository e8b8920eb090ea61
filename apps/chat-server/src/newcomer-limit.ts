import { isIPv6 } from "node:net";
import { Problem } from "./problem.ts";

/** How many new people may come from one address. */
export interface NewcomerRate {
  /** This many at once. */
  readonly burst: number;
  /** Then one in this many milliseconds. */
  readonly interval: number;
}

/** A school or an office may share one address. */
export const NEWCOMER_RATE: NewcomerRate = { burst: 100, interval: 10_000 };

/** The most addresses that are remembered. An address that is forgotten may send a burst again. */
const MOST_ADDRESSES = 10_000;

/** Limits the new people from each address, so that nobody fills the tables with names. */
export interface NewcomerLimit {
  /** Counts nobody. @throws Problem 429, with the time of the next one, if there were too many */
  check(address: string): void;
  /** Counts a new person. @throws Problem 429, with the time of the next one, if there were too many */
  take(address: string): void;
}

/** @param now milliseconds since some moment; it never goes back, so it is not the time of day */
export function createNewcomerLimit(now: () => number, { burst, interval }: NewcomerRate): NewcomerLimit {
  /** By address, the time at which all of its burst is there again. The address that was used last is the last one. */
  const fullAt = new Map<string, number>();
  /** When all of the burst is there again after one more new person. @throws Problem 429 if there were too many */
  const fullAfterNext = (address: string): number => {
    const time = now();
    const full = Math.max(fullAt.get(address) ?? 0, time) + interval;
    const wait = full - (time + burst * interval);
    if (wait <= 0) return full;
    const seconds = Math.ceil(wait / 1_000);
    const rule = "Expected fewer new people from one address";
    throw new Problem(429, `${rule}; try again in ${seconds} seconds, or sign in with a name that you had.`, seconds);
  };
  return {
    check: (given) => void fullAfterNext(networkOf(given)),
    take(given) {
      const address = networkOf(given);
      const full = fullAfterNext(address);
      fullAt.delete(address);
      fullAt.set(address, full);
      const [oldest] = fullAt.keys();
      if (fullAt.size > MOST_ADDRESSES && oldest !== undefined) fullAt.delete(oldest);
    },
  };
}

/** Some proxies write the port of the client behind its address, and brackets around one of IPv6. */
const WITH_PORT = /^(?:\[(.+)\]|([^:]+))(?::\d+)?$/;

/** With IPv6, one customer has all addresses whose first four groups are the same. */
function networkOf(given: string): string {
  const [, ipv6, ipv4] = WITH_PORT.exec(given) ?? [];
  const address = ipv6 ?? ipv4 ?? given;
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [before = [], after = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}

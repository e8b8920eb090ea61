import { LONGEST_TIMER } from "@tidings/protocol/clock";
import type { Context } from "./context.ts";
import type { Ending } from "./ending.ts";
import type { Reason, Retrying } from "./status.ts";
import { StreamError } from "./stream-error.ts";

/** Milliseconds after which former failures count no more. */
export const MINUTE = 60_000;

/**
 * What follows from an ending (PROTOCOL.md, section 9). A number is the wait, null is never: offline, until the network is back;
 * when the server does not know a channel, a minute, because a deployment may be under way.
 * - `soon`: at once, but not all clients in the same moment; again within a minute it is a failed attempt
 * - `fresh`: soon, with fresh credentials, once
 * - `told`: when the server has said; it has spread its clients already
 *
 * Everything else is a failed attempt: try again, later each time.
 */
const RULES: { readonly [Each in Reason]?: "soon" | "fresh" | "told" | number | null } = {
  expired: "soon",
  gap: "soon",
  unauthenticated: "fresh",
  draining: "told",
  "max-age": "told",
  unknown: MINUTE,
  offline: LONGEST_TIMER,
  finished: null,
  forbidden: null,
  rejected: null,
};

const JITTER_CAP = 30_000;
/** With `retry: 0` there would be nothing to double. */
const LEAST_SPREAD = 500;
/** A connection that the server ends within this many milliseconds has failed, whatever the server says. */
const INSTANT = 10_000;

/**
 * When to try again. The jitter stands on top of the server's floor, so that it spreads clients also at the cap.
 * @param begin makes an attempt
 */
export function createRetry(
  { clock, random, onError }: Pick<Context, "clock" | "random" | "onError">,
  begin: () => void,
) {
  let failures = 0;
  let lastSoon = -Infinity;
  let isFreshTried = false;
  /** When the connection became live. */
  let liveSince = Infinity;
  /** What the next attempt waits after. */
  let waitsAfter: Reason | null = null;
  let cancelTimer = () => {};
  const retry = {
    /** The server's `retry`, in milliseconds. */
    base: 2_000,
    /** A connection is live; when that lasts a minute, former failures count no more. */
    live() {
      liveSince = clock.now();
      isFreshTried = false;
    },
    /** What was tried has worked. */
    forget() {
      failures = 0;
      isFreshTried = false;
    },
    /** Makes another attempt when its time comes, and says so. Null when there is none. */
    later(ending: Ending): Retrying | null {
      const { reason } = ending;
      const wait = retry.after(ending);
      if (wait === null) return null;
      retry.cancel();
      waitsAfter = reason;
      cancelTimer = clock.setTimeout(begin, wait);
      return { state: "retrying", reason, at: reason === "offline" ? null : clock.now() + wait };
    },
    cancel() {
      cancelTimer();
      waitsAfter = null;
    },
    /** Where the network was missing, it is back. What the server has asked to wait for is waited for. */
    hurry() {
      if (["offline", "network", "timeout"].includes(waitsAfter ?? "")) begin();
    },
    /** Milliseconds until the next attempt; null when there is none. */
    after(ending: Ending): number | null {
      const { reason, retryAfter = 0 } = ending;
      const now = clock.now();
      const lived = now - liveSince;
      liveSince = Infinity;
      if (lived >= MINUTE) failures = 0;
      // Only a developer can mend these.
      if (ending instanceof StreamError && (reason === "bad-response" || reason === "rejected")) onError(ending);
      const rule = RULES[reason];
      if (rule === null || typeof rule === "number") return rule;
      if (rule === "fresh") {
        if (isFreshTried) return null;
        isFreshTried = true;
        return random() * 1_000;
      }
      if (rule === "soon" && now - lastSoon >= MINUTE) {
        lastSoon = now;
        return random() * 1_000;
      }
      const isTold = rule === "told" && lived >= INSTANT;
      const spread = isTold ? 0 : Math.min(JITTER_CAP, Math.max(LEAST_SPREAD, retry.base) * 2 ** failures++);
      return Math.min(LONGEST_TIMER, Math.max(retry.base, retryAfter) + random() * spread);
    },
  };
  return retry;
}

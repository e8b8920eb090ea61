/**
 * When to try again, and whether to: PROTOCOL.md, section 9. The jitter is added to the server's `retry`, so that it
 * spreads clients also at the longest delay.
 */
import type { Ended, Reason, Retrying } from "../status.ts";
import type { Ending } from "./ending.ts";

const MINUTE = 60_000;
/** The longest pause that a server is granted: a day. */
const LONGEST_PAUSE = 86_400_000;
const JITTER_CAP = 30_000;
/** The least delay: with `retry: 0`, doubling the delay would have no effect. */
const LEAST_JITTER = 500;
/** A connection that a draining server ends within this many milliseconds has failed. */
const INSTANT = 10_000;

/** What has happened before, as far as the next pause depends on it. Times are in milliseconds since 1970. */
export interface Attempts {
  /** The server's `retry`, in milliseconds: the shortest pause after a failure. */
  readonly serverPause: number;
  /** How many attempts in a row have failed. After a minute of life, they do not count any more. */
  readonly failures: number;
  /** When an expiry or a gap was last followed by an attempt at once. */
  readonly lastSoon: number;
  /** Whether the last credentials were fresh ones. */
  readonly hasTriedFresh: boolean;
  /** Since when the connection is live. */
  readonly liveSince: number;
  /** How many streams in a row have not said hello in time. From two on, the client polls. */
  readonly unheard: number;
  /** Since when nothing has succeeded. Null while nothing has failed. */
  readonly failingSince: number | null;
}

/** An attempt that has ended, and what has happened before. */
export interface Failed {
  readonly ending: Ending;
  readonly attempts: Attempts;
}

/** The next attempt: when it begins, and what will have happened before. */
export interface Retry {
  readonly attempts: Attempts;
  /** What is shown until then. Where it has ended, it waits for `reconnect`. */
  readonly lastFailure: Retrying | Ended;
}

export const NOTHING_YET: Attempts = {
  serverPause: 2_000,
  failures: 0,
  lastSoon: -Infinity,
  hasTriedFresh: false,
  liveSince: Infinity,
  unheard: 0,
  failingSince: null,
};

/**
 * The next attempt, or null when there is none.
 * @param random uniform in [0, 1)
 */
export function nextAttempt({ attempts, ending }: Failed, now: number, random: number): Retry | null {
  const { reason, retryAfter = 0, pause, error: cause } = ending;
  const { serverPause, lastSoon, hasTriedFresh, liveSince } = attempts;
  const lived = now - liveSince;
  const failures = lived < MINUTE ? attempts.failures : 0;
  const floor = Math.min(LONGEST_PAUSE, Math.max(serverPause, retryAfter));

  function after(delay: number, changes?: Partial<Attempts>): Retry {
    const since = attempts.failingSince ?? now;
    return {
      attempts: { ...attempts, failures, liveSince: Infinity, failingSince: since, ...changes },
      lastFailure: { state: "retrying", reason, since, at: now + delay, cause },
    };
  }

  /** At once, but not all clients in the same moment. */
  function soon(changes: Partial<Attempts>): Retry {
    return after(random * 1_000, changes);
  }

  if (isFinal(reason)) {
    return null;
  }
  if (pause !== undefined || reason === "unknown") {
    // A deployment may be under way.
    return after(pause ?? MINUTE);
  }
  if (reason === "unauthenticated") {
    // Once, with fresh credentials. After that, only the application can have others.
    return hasTriedFresh
      ? { attempts, lastFailure: { state: "closed", reason, cause } }
      : soon({ hasTriedFresh: true });
  }
  // The second time within a minute it is a failed attempt.
  if ((reason === "expired" || reason === "gap") && now - lastSoon >= MINUTE) {
    return soon({ lastSoon: now });
  }
  // A platform may cut every answer after some seconds, and the server then ends its streams before that. So a stream
  // that ends for its age has not failed, however short the age is. A pause is needed all the same: `retry` may be 0.
  if (reason === "max-age") {
    return after(Math.max(LEAST_JITTER, floor));
  }
  // At the time that the server has set. The server has already spread its clients.
  if (reason === "draining" && lived >= INSTANT) {
    return after(floor);
  }
  return after(floor + jitterAfter(serverPause, failures, random), { failures: failures + 1 });
}

/**
 * What a failed attempt adds to a pause, in milliseconds. The most of it doubles with every one.
 * @param failures how many there were before
 * @param random uniform in [0, 1)
 */
export function jitterAfter(serverPause: number, failures: number, random: number): number {
  return random * Math.min(JITTER_CAP, Math.max(LEAST_JITTER, serverPause) * 2 ** failures);
}

/** Whether no other attempt would have another answer. */
export function isFinal(reason: Reason): boolean {
  return (
    reason === "finished" ||
    reason === "forbidden" ||
    reason === "rejected" ||
    reason === "gap-loop" ||
    reason === "bad-option"
  );
}

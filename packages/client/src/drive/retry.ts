import { LONGEST_TIMER } from "@tidings/protocol/clock";
import type { Settings } from "../options.ts";
import type { Ending } from "../state/ending.ts";
import type { Reason, Retrying } from "../status.ts";

const MINUTE = 60_000;
const DEFAULT_BASE = 2_000;
const JITTER_CAP = 30_000;
/** The least delay: with `retry: 0`, doubling the delay would have no effect. */
const LEAST_JITTER = 500;
/** A connection that a draining server ends within this many milliseconds has failed. */
const INSTANT = 10_000;

export interface Retry {
  /** The server's `retry`, in milliseconds. */
  base: number;
  /** A connection is live. When that lasts a minute, former failures do not count any more. */
  live(): void;
  /** An attempt has succeeded: former failures do not count any more. */
  recover(): void;
  /**
   * Decides when to try again. The input `retry` follows, or `close`. Errors that only a developer can fix are
   * reported.
   */
  plan(ending: Ending, input: RetryInput): void;
  /** Waits. The input `due` follows. Returns a function that cancels the wait. */
  wait(lastFailure: Retrying, input: RetryInput): () => void;
}

/** The inputs of the machine that is tried again. */
interface RetryInput {
  (name: "retry", about: Retrying): void;
  (name: "due", about: null): void;
  (name: "close", about: Reason): void;
}

/**
 * Decides when to try again. The jitter is added to the server's `retry`, so that it spreads clients also at the
 * longest delay.
 */
export function createRetry({ clock, random, onError }: Pick<Settings, "clock" | "random" | "onError">): Retry {
  let failures = 0;
  let lastSoon = -Infinity;
  let hasTriedFresh = false;
  let liveSince = Infinity;

  /** At once, but not all clients in the same moment. */
  function soon(): number {
    return random() * 1_000;
  }

  function pause(retryAfter: number, jitter: number): number {
    const floor = Math.max(retry.base, retryAfter);
    return Math.min(LONGEST_TIMER, floor + random() * jitter);
  }

  /** Milliseconds until the next attempt after an ending (PROTOCOL.md, section 9). Null when there is none. */
  function pauseAfter({ reason, retryAfter = 0 }: Ending, now: number): number | null {
    const lived = now - liveSince;
    liveSince = Infinity;
    if (lived >= MINUTE) {
      failures = 0;
    }
    if (reason === "finished" || reason === "forbidden" || reason === "rejected" || reason === "gap-loop") {
      return null;
    }
    if (reason === "unknown") {
      // A deployment may be under way.
      return MINUTE;
    }
    if (reason === "offline") {
      // Until the network is back.
      return LONGEST_TIMER;
    }
    if (reason === "unauthenticated") {
      // Once, with fresh credentials.
      const isOver = hasTriedFresh;
      hasTriedFresh = true;
      return isOver ? null : soon();
    }
    // The second time within a minute it is a failed attempt.
    if ((reason === "expired" || reason === "gap") && now - lastSoon >= MINUTE) {
      lastSoon = now;
      return soon();
    }
    // A platform may cut every answer after seconds, and the server then ends its streams before. An age is no failure,
    // however small. With `retry: 0` it must not become a loop without a pause.
    if (reason === "max-age") {
      return Math.max(LEAST_JITTER, pause(retryAfter, 0));
    }
    // At the time that the server has set. The server has already spread its clients.
    if (reason === "draining" && lived >= INSTANT) {
      return pause(retryAfter, 0);
    }
    // A failed attempt. The most jitter doubles with every one.
    const jitter = Math.max(LEAST_JITTER, retry.base) * 2 ** failures;
    failures++;
    return pause(retryAfter, Math.min(JITTER_CAP, jitter));
  }

  const retry: Retry = {
    base: DEFAULT_BASE,
    live() {
      liveSince = clock.now();
      hasTriedFresh = false;
    },
    recover() {
      failures = 0;
      hasTriedFresh = false;
    },
    plan(ending, input) {
      const { reason, error } = ending;
      if (error && (reason === "bad-response" || reason === "rejected")) {
        onError(error);
      }
      const now = clock.now();
      const delay = pauseAfter(ending, now);
      if (delay === null) {
        input("close", reason);
      } else {
        input("retry", { state: "retrying", reason, at: reason === "offline" ? null : now + delay });
      }
    },
    wait({ at }, input) {
      // Without a time for the next attempt, it waits for the network.
      return at === null ? () => {} : clock.setTimeout(() => input("due", null), at - clock.now());
    },
  };
  return retry;
}

import { LONGEST_TIMER } from "@tidings/protocol/clock";
import type { Settings } from "../options.ts";
import type { Plan } from "../state/plan.ts";
import type { Reason } from "../status.ts";
import { StreamError } from "../stream-error.ts";
import type { Ending } from "../state/ending.ts";

const MINUTE = 60_000;

/**
 * What follows from an ending (PROTOCOL.md, section 9).
 * - `soon`: at once, but not all clients in the same moment. A second time within a minute it is a failed attempt.
 * - `fresh`: soon, with fresh credentials, once.
 * - `told`: when the server has said. It has spread its clients already.
 * - `slowly`: after a minute, because a deployment may be under way.
 * - `online`: when the network is back.
 * - `never`: it is over.
 * - `later`: it is a failed attempt. The wait grows with each. This is the rule of all other reasons.
 */
type Rule = "soon" | "fresh" | "told" | "slowly" | "online" | "never" | "later";

const RULES: { readonly [Each in Reason]?: Rule } = {
  expired: "soon",
  gap: "soon",
  unauthenticated: "fresh",
  draining: "told",
  "max-age": "told",
  unknown: "slowly",
  offline: "online",
  finished: "never",
  forbidden: "never",
  rejected: "never",
};

const DEFAULT_BASE = 2_000;
const JITTER_CAP = 30_000;
/** With `retry: 0` there would be nothing to double. */
const LEAST_JITTER = 500;
/** A connection that the server ends within this many milliseconds has failed, whatever the server says. */
const INSTANT = 10_000;

export interface Retry {
  /** The server's `retry`, in milliseconds. */
  base: number;
  /** A connection is live. When that lasts a minute, former failures do not count any more. */
  live(): void;
  /** What was tried has worked: former failures do not count any more. */
  recover(): void;
  /** Milliseconds until the next attempt. Null when there is none. */
  after(ending: Ending): number | null;
  /** When to try again. Null: never. What only a developer can mend is reported. */
  plan(ending: Ending): Plan | null;
}

/** Decides when to try again. The jitter stands on top of the server's floor, so that it spreads clients also at the cap. */
export function createRetry({ clock, random, onError }: Pick<Settings, "clock" | "random" | "onError">): Retry {
  let failures = 0;
  let lastSoon = -Infinity;
  let hasTriedFresh = false;
  let liveSince = Infinity;

  function soon(): number {
    return random() * 1_000;
  }

  function wait(retryAfter: number, jitter: number): number {
    const floor = Math.max(retry.base, retryAfter);
    return Math.min(LONGEST_TIMER, floor + random() * jitter);
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
    after({ reason, retryAfter = 0 }) {
      const now = clock.now();
      const lived = now - liveSince;
      liveSince = Infinity;
      if (lived >= MINUTE) {
        failures = 0;
      }
      switch (RULES[reason] ?? "later") {
        case "never":
          return null;
        case "slowly":
          return MINUTE;
        case "online":
          return LONGEST_TIMER;
        case "fresh":
          if (hasTriedFresh) {
            return null;
          }
          hasTriedFresh = true;
          return soon();
        case "soon":
          if (now - lastSoon < MINUTE) {
            break;
          }
          lastSoon = now;
          return soon();
        case "told":
          if (lived < INSTANT) {
            break;
          }
          return wait(retryAfter, 0);
        case "later":
          break;
      }
      // The most jitter doubles with every failure.
      const jitter = Math.max(LEAST_JITTER, retry.base) * 2 ** failures;
      failures++;
      return wait(retryAfter, Math.min(JITTER_CAP, jitter));
    },
    plan(ending) {
      const { reason } = ending;
      if (ending instanceof StreamError && (reason === "bad-response" || reason === "rejected")) {
        onError(ending);
      }
      const milliseconds = retry.after(ending);
      if (milliseconds === null) {
        return null;
      }
      const at = reason === "offline" ? null : clock.now() + milliseconds;
      return { trouble: { state: "retrying", reason, at }, pause: { milliseconds } };
    },
  };
  return retry;
}

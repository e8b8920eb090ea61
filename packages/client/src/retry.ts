import { LONGEST_TIMER } from "./clock.ts";
import type { Context } from "./context.ts";
import type { Ending } from "./ending.ts";
import type { Reason } from "./status.ts";

/**
 * What follows from an ending (PROTOCOL.md, section 9):
 * - `grow`: a failed attempt: try again, later each time
 * - `soon`: at once, but not all clients in the same moment; again within a minute it is a failed attempt
 * - `fresh`: soon, with fresh credentials, once
 * - `told`: when the server has said; it has spread its clients already
 * - `slow`: in a minute; a deployment may be under way
 * - `online`: when the network is back
 * - `stop`: never
 */
const RULES: Readonly<Record<Reason, "grow" | "soon" | "fresh" | "told" | "slow" | "online" | "stop">> = {
  network: "grow",
  timeout: "grow",
  "bad-response": "grow",
  unavailable: "grow",
  limit: "grow",
  expired: "soon",
  gap: "soon",
  unauthenticated: "fresh",
  draining: "told",
  "max-age": "told",
  unknown: "slow",
  offline: "online",
  closed: "stop",
  finished: "stop",
  forbidden: "stop",
  rejected: "stop",
  "gap-loop": "stop",
};

const JITTER_CAP = 30_000;
/** With `retry: 0` there would be nothing to double. */
const LEAST_SPREAD = 500;
/** Milliseconds after which former failures count no more. */
export const MINUTE = 60_000;
/** A connection that the server ends within this many milliseconds has failed, whatever the server says. */
const INSTANT = 10_000;

/** When to try again. The jitter stands on top of the server's floor, so that it spreads clients also at the cap. */
export class Retry {
  readonly #context: Pick<Context, "clock" | "random" | "onError">;
  #base = 2_000;
  #failures = 0;
  #lastSoon = -Infinity;
  #freshTried = false;
  /** When the connection became live; null before. */
  #liveSince: number | null = null;

  constructor(context: Pick<Context, "clock" | "random" | "onError">) {
    this.#context = context;
  }

  /** The server's `retry`, in milliseconds; kept within what a timer can hold. */
  setRetry(milliseconds: number): void {
    this.#base = Math.min(LONGEST_TIMER, milliseconds);
  }

  /** A connection is live; when that lasts a minute, former failures count no more. */
  live(): void {
    this.#liveSince = this.#context.clock.now();
    this.#freshTried = false;
  }

  /** What was tried has worked. */
  forget(): void {
    this.#failures = 0;
    this.#freshTried = false;
  }

  /** Milliseconds until the next attempt; null when there is none. */
  after({ reason, error, about }: Ending): number | null {
    const { clock, random, onError } = this.#context;
    const now = clock.now();
    const lived = this.#liveSince === null ? 0 : now - this.#liveSince;
    this.#liveSince = null;
    if (lived >= MINUTE) this.#failures = 0;
    // Only a developer can mend these.
    if (error !== null && (reason === "bad-response" || reason === "rejected")) onError(error);
    const rule = RULES[reason];
    if (rule === "stop" || (rule === "fresh" && this.#freshTried)) return null;
    if (rule === "online") return LONGEST_TIMER;
    if (rule === "slow") return MINUTE;
    if (rule === "told" && lived >= INSTANT) return this.#base;
    if (rule === "fresh" || (rule === "soon" && now - this.#lastSoon >= MINUTE)) {
      if (rule === "fresh") this.#freshTried = true;
      else this.#lastSoon = now;
      return random() * 1_000;
    }
    const spread = Math.min(JITTER_CAP, Math.max(LEAST_SPREAD, this.#base) * 2 ** this.#failures++);
    return Math.min(LONGEST_TIMER, Math.max(this.#base, about.retryAfter ?? 0) + random() * spread);
  }
}

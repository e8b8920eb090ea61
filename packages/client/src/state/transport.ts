import type { Ending } from "./ending.ts";
import type { Attempts } from "./retry.ts";

/** How events come. */
export type Transport = "stream" | "poll";

/** The server has said hello, or has answered the first poll. */
export interface Hello {
  /** When, in milliseconds since 1970. */
  readonly now: number;
  readonly transport: Transport;
}

/** So many streams in a row without a hello, and a proxy seems to keep them back. */
const TOO_MANY = 2;

export function transportOf({ unheard }: Attempts): Transport {
  return unheard < TOO_MANY ? "stream" : "poll";
}

/** A request has ended before its hello. Where a poll does not come either, streams are not the problem. */
export function afterSilence(attempts: Attempts, { reason }: Ending): Attempts {
  if (reason !== "timeout") {
    return attempts;
  }
  const unheard = transportOf(attempts) === "poll" ? 0 : attempts.unheard + 1;
  return { ...attempts, unheard };
}

/** A hello has come. */
export function afterHello(attempts: Attempts, transport: Transport): Attempts {
  return transport === "stream" ? { ...attempts, unheard: 0 } : attempts;
}

/** One more stream is tried. */
export function withTrust(attempts: Attempts): Attempts {
  return { ...attempts, unheard: Math.min(attempts.unheard, TOO_MANY - 1) };
}

import { systemClock, type Clock } from "@tidings/server";
import type { Webhook } from "./deliveries.ts";
import { sign } from "./signature.ts";

/** How long the receiver may take for an answer, in milliseconds. */
const TIMEOUT = 10_000;
/** Answers that say nothing about the webhook: the receiver is down, or has too much to do. */
const AWAY = new Set([408, 429, 502, 503, 504]);

export interface Receiver {
  /** Of http or https, and with no name and no password. */
  readonly url: string;
  /** Signs what is sent, so that the receiver knows who has sent it. In base64, without the prefix `whsec_`. */
  readonly secret: string;
}

export interface AttemptOptions extends Receiver {
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/** Why a webhook was not accepted. */
export interface Failure {
  /** `refused`: the receiver does not take this one. `away`: it would take none now. */
  readonly kind: "refused" | "away";
  readonly reason: string;
  /** How long the receiver asks to be left alone, in milliseconds; 0 if it does not ask. */
  readonly wait: number;
}

/**
 * Call it once, before the first attempt: a wrong url would look like a receiver that is away.
 *
 * @throws Error if the url or the secret is of no use
 */
export function checkReceiver({ url, secret }: Receiver): void {
  const isHttp = /^https?:\/\//i.test(url) && URL.canParse(url);
  if (!isHttp) throw new Error(`Expected the url of the receiver to be one of http or https, got "${url}".`);
  const { username, password } = new URL(url);
  const isPlain = username === "" && password === "";
  if (!isPlain) throw new Error("Expected the url of the receiver to have no name and no password: fetch takes none.");
  const isBase64 = secret !== "" && Buffer.from(secret, "base64").toString("base64") === secret;
  if (!isBase64) throw new Error("Expected the secret of the receiver in base64, without the prefix whsec_.");
}

/** Sends a webhook once. Never rejects if `checkReceiver` has passed the receiver. */
export async function attempt({ id, body }: Webhook, options: AttemptOptions): Promise<"accepted" | Failure> {
  const { url, secret, signal, fetch = globalThis.fetch, clock = systemClock } = options;
  const late = new AbortController();
  const cancel = clock.setTimeout(() => late.abort(), TIMEOUT);
  const timestamp = Math.floor(clock.now() / 1_000);
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": sign({ id, timestamp, body }, secret),
  };
  try {
    const either = AbortSignal.any([signal, late.signal]);
    const response = await fetch(url, { method: "POST", headers, body, signal: either, redirect: "manual" });
    await response.body?.cancel();
    if (response.ok) return "accepted";
    const kind = AWAY.has(response.status) ? "away" : "refused";
    return { kind, reason: `It answered ${response.status}.`, wait: waitOf(response) };
  } catch (error) {
    return { kind: "away", reason: `It did not answer: ${String(error)}`, wait: 0 };
  } finally {
    cancel();
  }
}

/** What `Retry-After` says in seconds. A date says nothing to us. */
function waitOf({ headers }: Response): number {
  const seconds = Number(headers.get("retry-after"));
  return seconds > 0 ? seconds * 1_000 : 0;
}

import { createHmac, timingSafeEqual } from "node:crypto";
import type { Webhook } from "./deliveries.ts";

/** The signature of Standard Webhooks (https://www.standardwebhooks.com): receivers have libraries for it. */
export function sign(sent: Webhook & { readonly timestamp: number }, secret: string): string {
  const text = `${sent.id}.${sent.timestamp}.${sent.body}`;
  return `v1,${createHmac("sha256", Buffer.from(secret, "base64")).update(text).digest("base64")}`;
}

/** Takes as long for every text of this length. */
export function isSameSignature(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

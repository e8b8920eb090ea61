// The job: it sends each order to another server, in order, and again until that server has accepted it.
import { randomUUID } from "node:crypto";
import { sleep } from "@tidings/log/engine";
import { systemClock, type Hub, type ReaderItem } from "@tidings/server";
import { attempt, checkReceiver, type AttemptOptions, type Failure } from "./attempt.ts";
import { shop } from "./contract.ts";
import type { Deliveries, PutAside, Webhook } from "./deliveries.ts";

/** The pauses between attempts, in milliseconds: the first one, and the longest. Each is twice as long as the last. */
const PAUSES = { first: 1_000, longest: 600_000 };
/**
 * A webhook is put aside after so many refusals, or if the receiver is away at that attempt or later. If one is
 * refused, the next ones shall not wait for long. If the receiver is away, all of them wait for it: with these pauses,
 * for nine hours at least.
 */
const MOST_ATTEMPTS = { refused: 5, away: 120 };

export interface WebhookOptions extends AttemptOptions {
  readonly random?: () => number;
}

/**
 * Sends until the signal is aborted. It rejects if the url or the secret of the receiver is of no use, if its position
 * cannot be stored, and at an order that this version of the shop cannot read.
 */
export async function sendWebhooks(
  hub: Pick<Hub<typeof shop>, "events">,
  deliveries: Pick<Deliveries, "readCursor" | "countAttempt" | "countRefusal" | "moveTo" | "putAside">,
  options: WebhookOptions,
): Promise<void> {
  checkReceiver(options);
  const { signal } = options;
  for await (const item of hub.events(shop.orders(), { after: deliveries.readCursor(), signal })) {
    const webhook = webhookOf(item);
    const outcome = await deliver(webhook, deliveries, options);
    if (outcome === "stopped") return;
    if (outcome === "accepted") deliveries.moveTo(item.cursor);
    else deliveries.putAside({ ...webhook, reason: outcome.reason }, item.cursor);
  }
}

function webhookOf(item: ReaderItem<typeof shop, "orders">): Webhook {
  switch (item.kind) {
    case "event":
      // The same at each attempt, and in the next process. Without a full stop, as the signature wants it.
      return { id: item.cursor.replace(".", "_"), body: JSON.stringify({ type: "order.placed", data: item.data }) };
    case "gap":
      // Each gap has an id of its own: a receiver that hears of one loads all orders again.
      return { id: randomUUID(), body: JSON.stringify({ type: "orders.missing", data: { reason: item.reason } }) };
    case "invalid":
      // A newer version of the shop has published it. The job stops here, and its next version goes on from here.
      throw new Error(`Expected a ${item.type} of ${item.name} that this version knows.`, { cause: item.error });
  }
}

async function deliver(
  webhook: Webhook,
  deliveries: Pick<Deliveries, "countAttempt" | "countRefusal">,
  options: WebhookOptions,
): Promise<"accepted" | "stopped" | Failure> {
  const { signal, clock = systemClock, random = Math.random } = options;
  for (;;) {
    const attempts = deliveries.countAttempt();
    const outcome = await attempt(webhook, options);
    if (outcome === "accepted") return outcome;
    if (signal.aborted) return "stopped";
    // A receiver that was away for hours may refuse a few times while it starts.
    const count = outcome.kind === "away" ? attempts : deliveries.countRefusal();
    if (count >= MOST_ATTEMPTS[outcome.kind]) return outcome;
    const pause = Math.min(PAUSES.first * 2 ** (count - 1), PAUSES.longest);
    // Half of it is random: when a receiver comes back, not all its senders come at the same moment.
    const randomPause = pause * (0.5 + random() / 2);
    const hasSlept = await sleep(clock, Math.min(Math.max(randomPause, outcome.wait), PAUSES.longest), signal);
    if (!hasSlept) return "stopped";
  }
}

/**
 * Tries once more what was put aside: call it when the receiver was repaired. If the receiver is away, the rest waits
 * for the next call. Returns what is still not accepted.
 */
export async function sendAside(
  deliveries: Pick<Deliveries, "readAside" | "removeAside">,
  options: AttemptOptions,
): Promise<readonly PutAside[]> {
  checkReceiver(options);
  for (const webhook of deliveries.readAside()) {
    const outcome = await attempt(webhook, options);
    if (outcome === "accepted") deliveries.removeAside(webhook.id);
    else if (outcome.kind === "away") break;
  }
  return deliveries.readAside();
}

import { chat } from "@tidings-apps/chat-contract";
import type { Transaction } from "./storage.ts";

/** The person joins the room. */
export function join(tx: Transaction, person: string, roomId: string): Promise<void> {
  return change(tx, person, roomId, { joined: true });
}

/** The person leaves the room. The number that they have read is kept. */
export function leave(tx: Transaction, person: string, roomId: string): Promise<void> {
  return change(tx, person, roomId, { joined: false });
}

/**
 * Marks the room as read up to a message number. The mark never goes backwards, and never beyond the newest message.
 */
export async function readUpTo(tx: Transaction, person: string, roomId: string, number: number): Promise<void> {
  const { read: before } = await tx.memberships.find(person, roomId);
  const newest = await tx.messages.lastNumber(roomId);
  const read = Math.max(before, Math.min(number, newest));
  await tx.mentions.remove(person, roomId, read);
  await change(tx, person, roomId, { read });
}

/** Changes a membership and publishes it to all tabs of the person. Publishes nothing if nothing changes. */
async function change(
  tx: Transaction,
  person: string,
  roomId: string,
  values: { readonly joined?: boolean; readonly read?: number },
): Promise<void> {
  const before = await tx.memberships.find(person, roomId);
  const after = { ...before, ...values };
  const isSame = after.joined === before.joined && after.read === before.read;
  if (isSame) return;
  await tx.memberships.set(person, after);
  await tx.publish(chat.inbox({ userId: person }), "place", after);
}

import { chat } from "@tidings-apps/chat-contract";
import type { Transaction } from "./ledger.ts";

/** Changes somebody's place in a room and tells all of their tabs; what stays as it is is not told. */
async function move(
  tx: Transaction,
  person: string,
  roomId: string,
  change: { readonly joined?: boolean; readonly read?: number },
): Promise<void> {
  const before = tx.places.find(person, roomId);
  const after = { ...before, ...change };
  if (after.joined === before.joined && after.read === before.read) return;
  tx.places.set(person, after);
  await tx.publish(chat.inbox({ userId: person }), "place", after);
}

export const join = (tx: Transaction, person: string, roomId: string): Promise<void> =>
  move(tx, person, roomId, { joined: true });

export const leave = (tx: Transaction, person: string, roomId: string): Promise<void> =>
  move(tx, person, roomId, { joined: false });

/** Marks what is there up to a message as read; what was read stays so. */
export async function readUpTo(tx: Transaction, person: string, roomId: string, number: number): Promise<void> {
  const read = Math.max(tx.places.find(person, roomId).read, Math.min(number, tx.messages.lastNumber(roomId)));
  tx.mentions.forget(person, roomId, read);
  await move(tx, person, roomId, { read });
}

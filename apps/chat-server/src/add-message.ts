import { randomUUID } from "node:crypto";
import { chat, UNCHANGED, type Message, type Room } from "@tidings-apps/chat-contract";
import type { Transaction } from "./storage.ts";

type NewMessage = Pick<Message, "author" | "text" | "mentions"> & Partial<Pick<Message, "answer">>;

/** Adds a message to a room, and publishes it there. @param key the idempotency key of its author, if any */
export async function addMessage(
  tx: Transaction,
  room: Room,
  content: NewMessage,
  key: string | null = null,
): Promise<Message> {
  const { author, text, mentions, answer = null } = content;
  const number = (await tx.messages.lastNumber(room.id)) + 1;
  const said = { author, text, mentions, sentAt: new Date() };
  const message: Message = { id: randomUUID(), number, ...said, ...UNCHANGED, answer };
  await tx.messages.add(room.id, message, key);
  await tx.publish(chat.room({ roomId: room.id }), "message", message);
  return message;
}

import { randomUUID } from "node:crypto";
import { chat, type Message, type Room } from "@tidings-apps/chat-contract";
import type { Transaction } from "./ledger.ts";
import { join, readUpTo } from "./membership.ts";
import { findMentioned } from "./mentioned.ts";

/** What somebody wants to say. */
export interface Draft {
  readonly author: string;
  readonly text: string;
  /** The same key of the same author is the same message, so a retry is safe. */
  readonly idempotencyKey?: string | undefined;
}

/** Adds a message to a room and tells the room and whoever is named in it; or returns the one that the key stands for. */
export async function post(tx: Transaction, room: Room, draft: Draft): Promise<Message> {
  const { people, messages, mentions } = tx;
  const { author, text, idempotencyKey: key = null } = draft;
  const known = key === null ? null : messages.sentAs(room.id, author, key);
  if (known !== null) return known;

  const message: Message = {
    id: randomUUID(),
    number: messages.lastNumber(room.id) + 1,
    author,
    text,
    mentions: findMentioned(text, people),
    sentAt: new Date(),
  };
  messages.add(room.id, message, key);
  await tx.publish(chat.room({ roomId: room.id }), "message", message);

  const { id: messageId, number } = message;
  const mention = { roomId: room.id, roomName: room.name, messageId, number, by: author, text };
  for (const person of message.mentions.filter((name) => name !== author)) {
    mentions.add(person, room.id, number);
    await tx.publish(chat.inbox({ userId: person }), "mention", mention);
  }
  await join(tx, author, room.id);
  await readUpTo(tx, author, room.id, number);
  return message;
}

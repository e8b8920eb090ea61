import { randomUUID } from "node:crypto";
import { chat, UNCHANGED, type Message, type Room } from "@tidings-apps/chat-contract";
import { join, readUpTo } from "./membership-changes.ts";
import type { Transaction } from "./storage.ts";

/** A message that somebody wants to send. */
export interface Draft {
  readonly author: string;
  readonly text: string;
  /** The people whom the text mentions. */
  readonly mentions: readonly string[];
  /** A second draft with the same key and author is the same message, so a retry is safe. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Adds a message to a room, and publishes it to the room and to the inbox of everybody who is mentioned. The author
 * joins the room and has read it up to this message. If the idempotency key was used before, returns that message and
 * changes nothing.
 */
export async function post(tx: Transaction, room: Room, draft: Draft): Promise<Message> {
  const { messages, mentions } = tx;
  const { author, text, idempotencyKey: key = null } = draft;
  const earlier = key === null ? null : messages.findByKey(room.id, author, key);
  if (earlier !== null) return earlier;

  const message: Message = {
    id: randomUUID(),
    number: messages.lastNumber(room.id) + 1,
    author,
    text,
    mentions: [...draft.mentions],
    sentAt: new Date(),
    ...UNCHANGED,
  };
  messages.add(room.id, message, key);
  await tx.publish(chat.room({ roomId: room.id }), "message", message);

  const { id: messageId, number } = message;
  const mention = { roomId: room.id, roomName: room.name, messageId, number, by: author, text };
  const others = message.mentions.filter((name) => name !== author);
  for (const person of others) {
    mentions.add(person, room.id, number);
    await tx.publish(chat.inbox({ userId: person }), "mention", mention);
  }
  await join(tx, author, room.id);
  await readUpTo(tx, author, room.id, number);
  return message;
}

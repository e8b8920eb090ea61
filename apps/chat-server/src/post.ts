import { ASSISTANT, chat, type Message, type Room } from "@tidings-apps/chat-contract";
import { addMessage } from "./add-message.ts";
import { ask } from "./ask.ts";
import { join, readUpTo } from "./membership-changes.ts";
import { mentionedPeople } from "./mentioned-people.ts";
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
 * joins the room and has read it up to this message. If the message mentions the assistant, its answer begins. If the
 * idempotency key was used before, returns that message and changes nothing.
 */
export async function post(tx: Transaction, room: Room, draft: Draft): Promise<Message> {
  const { messages, mentions } = tx;
  const { author, text, idempotencyKey: key = null } = draft;
  const earlier = key === null ? null : await messages.findByKey(room.id, author, key);
  if (earlier !== null) return earlier;

  const message = await addMessage(tx, room, { author, text, mentions: [...draft.mentions] }, key);
  await tx.people.noteWriter(author);
  const { id: messageId, number } = message;
  const mention = { roomId: room.id, roomName: room.name, messageId, number, by: author, text };
  for (const person of mentionedPeople(message)) {
    await mentions.add(person, room.id, number);
    await tx.publish(chat.inbox({ userId: person }), "mention", mention);
  }
  await join(tx, author, room.id);
  await readUpTo(tx, author, room.id, number);
  if (message.mentions.includes(ASSISTANT)) await ask(tx, room, message);
  return message;
}

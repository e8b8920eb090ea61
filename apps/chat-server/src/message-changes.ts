import {
  applyChange,
  chat,
  type Emoji,
  type Message,
  type MessageChange,
  type Room,
} from "@tidings-apps/chat-contract";
import { refuseUnseen } from "./refuse-unseen.ts";
import { mentionedPeople } from "./mentioned-people.ts";
import { Problem } from "./problem.ts";
import type { Transaction } from "./storage.ts";
import type { Tables } from "./tables.ts";

/** The most reactions that one message can have: every snapshot of the room carries them. */
const MAX_REACTIONS = 100;

/** The message that somebody wants to change. */
export interface MessageChoice {
  readonly room: Room;
  readonly messageId: string;
  readonly person: string;
}

/** A new text of a message. */
export interface NewText {
  readonly text: string;
  /** The people whom the text mentions. */
  readonly mentions: readonly string[];
  /** The text that it replaces. @default whatever is there */
  readonly expects?: string | undefined;
}

/**
 * Changes the text of the person's own message. The mentions in inboxes follow: a person who is not mentioned any more
 * loses theirs, and a person who is mentioned now gets one, unless they have already read the message.
 * @throws Problem 404 if there is no such message or it was deleted, 403 if somebody else has written it, 409 if it
 *   has another text than the expected one
 */
export async function edit(tx: Transaction, choice: MessageChoice, edited: NewText): Promise<Message> {
  const { room } = choice;
  const { text, mentions } = edited;
  const message = await findOwn(tx, choice);
  if (message.text === text) return message;
  refuseUnseen("text", message.text, edited.expects);
  const { id } = message;
  const data = { id, revision: message.revision + 1, text, mentions: [...mentions], editedAt: new Date() };
  const changed = await change(tx, room, message, { type: "edited", data });
  await updateMentions(tx, room, changed);
  return changed;
}

/**
 * Deletes the person's own message: its row keeps the number and the author. Deleting it again changes nothing.
 * @throws Problem 404 if there is no such message, 403 if somebody else has written it
 */
export async function remove(tx: Transaction, choice: MessageChoice): Promise<void> {
  const { room, messageId, person } = choice;
  const found = await tx.messages.find(room.id, messageId);
  if (found?.deletedAt) return;
  const message = await findOwn(tx, { room, messageId, person });
  const data = { id: message.id, revision: message.revision + 1, deletedAt: new Date() };
  await updateMentions(tx, room, await change(tx, room, message, { type: "deleted", data }));
}

/**
 * Adds a reaction of the person to a message, or takes it back. Doing it again changes nothing.
 * @throws Problem 404 if there is no such message or it was deleted, 409 if it has the most reactions that it can have
 */
export async function react(tx: Transaction, choice: MessageChoice, emoji: Emoji, isOn: boolean): Promise<Message> {
  const { room, person: by } = choice;
  const message = await findMessage(tx, choice);
  const people = message.reactions.find((reaction) => reaction.emoji === emoji)?.people ?? [];
  if (people.includes(by) === isOn) return message;
  const count = message.reactions.reduce((sum, reaction) => sum + reaction.people.length, 0);
  if (isOn && count >= MAX_REACTIONS) {
    throw new Problem(409, `Expected a message to have at most ${MAX_REACTIONS} reactions; it has as many already.`);
  }
  await tx.people.noteWriter(by);
  const data = { id: message.id, revision: message.revision + 1, by, emoji, isOn };
  return change(tx, room, message, { type: "reacted", data });
}

/** @throws Problem 404 if there is no such message or it was deleted */
export async function findMessage(
  { messages }: Pick<Tables, "messages">,
  { room, messageId }: MessageChoice,
): Promise<Message> {
  const message = await messages.find(room.id, messageId);
  if (message === null || message.deletedAt !== null) {
    throw new Problem(404, `There is no message ${JSON.stringify(messageId)} in ${room.name}.`);
  }
  return message;
}

async function findOwn(tx: Transaction, choice: MessageChoice): Promise<Message> {
  const message = await findMessage(tx, choice);
  if (message.author !== choice.person) throw new Problem(403, "Only its author can change a message.");
  return message;
}

/** Changes a message. The row and the event are written together. */
export async function change(
  tx: Transaction,
  room: Pick<Room, "id">,
  message: Message,
  event: MessageChange,
): Promise<Message> {
  const changed = applyChange(message, event);
  await tx.messages.change(changed);
  const address = chat.room({ roomId: room.id });
  switch (event.type) {
    case "edited":
      await tx.publish(address, event.type, event.data);
      break;
    case "deleted":
      await tx.publish(address, event.type, event.data);
      break;
    case "reacted":
      await tx.publish(address, event.type, event.data);
      break;
    case "answered":
      await tx.publish(address, event.type, event.data);
      break;
  }
  return changed;
}

/** Brings the unread mentions of a message into agreement with its text. */
async function updateMentions(tx: Transaction, room: Room, message: Message): Promise<void> {
  const { id: messageId, number, author, text } = message;
  const mentioned = new Set(mentionedPeople(message));
  const unread = new Set(await tx.mentions.peopleOf(room.id, number));
  for (const person of unread) {
    if (mentioned.has(person)) continue;
    await tx.mentions.removeOne(person, room.id, number);
    await tx.publish(chat.inbox({ userId: person }), "unmentioned", { messageId });
  }
  for (const person of mentioned) {
    const { read } = await tx.memberships.find(person, room.id);
    if (!unread.has(person) && read >= number) continue;
    if (!unread.has(person)) await tx.mentions.add(person, room.id, number);
    const mention = { roomId: room.id, roomName: room.name, messageId, number, by: author, text };
    await tx.publish(chat.inbox({ userId: person }), "mention", mention);
  }
}

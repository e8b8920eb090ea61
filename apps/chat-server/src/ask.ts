import { ASSISTANT, type Message, type Room } from "@tidings-apps/chat-contract";
import { addMessage } from "./add-message.ts";
import type { Transaction } from "./storage.ts";

/** The most answers that the assistant writes at the same time in one room, so that the room stays readable. */
export const MAX_ANSWERS_OF_ROOM = 3;
/** The most answers that it writes at the same time in all rooms together. */
export const MAX_ANSWERS = 20;

const BUSY_HERE = `I am already writing ${MAX_ANSWERS_OF_ROOM} answers here. Please ask me again when one is done.`;
const BUSY = "Many people are asking me something at the moment. Please ask me again in a minute.";

/**
 * Begins an answer of the assistant: adds its message, which has no text yet. Whichever server sees the row of the
 * answer first writes it. If the assistant has too much to do, it says so instead.
 */
export async function ask(tx: Transaction, room: Room, { author: by, text }: Message): Promise<void> {
  const all = await tx.answers.all();
  const ofRoom = all.filter(({ roomId }) => roomId === room.id);
  if (ofRoom.length >= MAX_ANSWERS_OF_ROOM) return say(tx, room, BUSY_HERE);
  if (all.length >= MAX_ANSWERS) return say(tx, room, BUSY);
  const answer = { state: "writing" } as const;
  const { id } = await addMessage(tx, room, { author: ASSISTANT, text: "", mentions: [], answer });
  await tx.answers.add({ id, roomId: room.id, question: { by, text } });
}

async function say(tx: Transaction, room: Room, text: string): Promise<void> {
  await addMessage(tx, room, { author: ASSISTANT, text, mentions: [] });
}

import type { AnswerEnd } from "@tidings-apps/chat-contract";
import type { Answer } from "./answers.ts";
import { change } from "./message-changes.ts";
import type { Transaction } from "./storage.ts";

/** Stores the text of an answer that has ended in its message. Does nothing if another server was faster. */
export async function settle(tx: Transaction, { id, roomId }: Answer, text: string, answer: AnswerEnd): Promise<void> {
  if (!(await tx.answers.remove(id))) return;
  const message = await tx.messages.find(roomId, id);
  if (message === null) return;
  // A text of spaces alone is no text.
  const data = { id, revision: message.revision + 1, text: text.trim(), answer };
  await change(tx, { id: roomId }, message, { type: "answered", data });
}

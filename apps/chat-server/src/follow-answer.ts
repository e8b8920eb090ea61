import { addWord, chat } from "@tidings-apps/chat-contract";
import type { Answer } from "./answers.ts";
import { settle } from "./settle.ts";
import type { ChatStorage } from "./storage.ts";

/** Reads what another server writes, and stores it if that one cannot. */
export async function followAnswer(
  storage: Pick<ChatStorage, "hub" | "tables" | "write">,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  let text = "";
  const address = chat.answer({ answerId: answer.id });
  for await (const item of storage.hub.events(address, { after: null, signal })) {
    if (item.kind === "event") text = addWord(text, item.data);
    // The log has lost the beginning. Without it, what was before the gap says something else.
    if (item.kind === "gap") text = "";
    if (item.kind !== "end" || !(await storage.tables.answers.has(answer.id))) continue;
    const { data } = item;
    await storage.write((tx) => settle(tx, answer, text, data));
  }
}

import type { Message } from "@tidings-apps/chat-contract";
import type { Visitor } from "./chat.ts";

/** For how many milliseconds a server of the tests may be silent until its answers end. */
export const ANSWER_LEASE = 1_000;
export const SECRET = "for tests only";

/** The newest messages of the lobby, as the server stores them. */
export async function messagesIn(visitor: Visitor): Promise<readonly Message[]> {
  const { state } = await visitor.look();
  // The contract defines it.
  return (state["rooms/lobby"] as { readonly messages: readonly Message[] }).messages;
}

/** The newest answer in the lobby, as the server stores it. */
export async function newestAnswer(visitor: Visitor): Promise<Message> {
  const answer = (await messagesIn(visitor)).findLast((message) => message.answer !== null);
  if (answer === undefined) throw new Error("Expected an answer in the lobby, got none.");
  return answer;
}

/** The words of an answer in the log, then how it has ended. */
export async function wordsOf(url: string, visitor: Visitor, answerId: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/events?channel=answers/${answerId}&last=500`, {
    headers: { cookie: visitor.cookie, accept: "application/json" },
  });
  // PROTOCOL.md defines the page, and the contract what is in it.
  const { events } = (await response.json()) as { events: { data: { text?: string; state?: string } }[] };
  return events.map(({ data }) => data.text ?? data.state ?? "");
}

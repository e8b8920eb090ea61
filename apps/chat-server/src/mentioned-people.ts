import { ASSISTANT, type Message } from "@tidings-apps/chat-contract";

/** The people who are told that a message mentions them: neither its author nor the assistant, which has no inbox. */
export function mentionedPeople({ mentions, author }: Message): string[] {
  return mentions.filter((name) => name !== author && name !== ASSISTANT);
}

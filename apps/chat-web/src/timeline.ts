import type { Message } from "@tidings-apps/chat-contract";

/** Messages that a room keeps while nobody reads older ones; a tab can stay open for weeks. */
export const KEPT = 500;
/** Messages of one author that follow each other within this time share one byline, in milliseconds. */
const TOGETHER = 5 * 60_000;

/** A message, and what stands above it. */
export interface Row {
  readonly message: Message;
  /** The first of its day. */
  readonly startsDay: boolean;
  /** The first that was not read. */
  readonly startsNew: boolean;
  /** It needs no byline: the one above is the same person's. */
  readonly goesOn: boolean;
}

/** The messages of one room that the page holds, in the order of their numbers. A state, an event and history may tell of the same one. */
export class Timeline {
  #messages: Message[] = [];

  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** The number of the oldest message; 1 is the room's beginning, Infinity that there is none. */
  get oldest(): number {
    return this.#messages[0]?.number ?? Number.POSITIVE_INFINITY;
  }

  get newest(): number {
    return this.#messages.at(-1)?.number ?? 0;
  }

  /** This state and nothing else. */
  replace(messages: readonly Message[]): void {
    this.#messages = [];
    this.add(messages);
  }

  add(messages: readonly Message[]): void {
    const byId = new Map(this.#messages.map((message) => [message.id, message]));
    for (const message of messages) byId.set(message.id, message);
    this.#messages = [...byId.values()].sort((one, other) => one.number - other.number);
  }

  /** Lets the oldest go. Returns whether there were any too many. */
  trim(): boolean {
    if (this.#messages.length <= KEPT) return false;
    this.#messages = this.#messages.slice(-KEPT);
    return true;
  }

  /** @param unreadAfter the number above the line, or null for no line */
  rows(unreadAfter: number | null): Row[] {
    return this.#messages.map((message, index) => {
      const before = this.#messages[index - 1];
      const startsDay = before === undefined || before.sentAt.toDateString() !== message.sentAt.toDateString();
      const startsNew =
        unreadAfter !== null && message.number > unreadAfter && (before === undefined || before.number <= unreadAfter);
      return { message, startsDay, startsNew, goesOn: !startsDay && !startsNew && goesOn(before, message) };
    });
  }
}

function goesOn(before: Message, { author, sentAt }: Message): boolean {
  return before.author === author && sentAt.getTime() - before.sentAt.getTime() < TOGETHER;
}

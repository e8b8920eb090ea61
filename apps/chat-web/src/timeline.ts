import { applyChange, type Message, type MessageChange } from "@tidings-apps/chat-contract";

/** The most messages that a room keeps while nobody reads older ones: a tab can stay open for weeks. */
export const MAX_KEPT = 500;
/** Milliseconds within which successive messages of one author share one byline. */
const BYLINE_TIME = 5 * 60_000;

/** A message, and what is shown above it. */
export interface TimelineRow {
  readonly message: Message;
  /** The text so far of an answer that is being written; otherwise null. */
  readonly written: string | null;
  /** It is the first message of its day. */
  readonly startsDay: boolean;
  /** It is the first unread message. */
  readonly startsNew: boolean;
  /** It needs no byline, because the message above it has the same author. */
  readonly sharesByline: boolean;
}

/**
 * The messages of one room that the page has, sorted by number. Snapshots, events and history can bring the same
 * message and the same change several times, and in any order; the timeline keeps the newest state of each message.
 */
export class Timeline {
  #messages: Message[] = [];
  /**
   * The changes of messages that the timeline does not have, by message. A page of history ends before the message that
   * it changes, because that one is older. The next page brings it.
   */
  readonly #early = new Map<string, MessageChange[]>();

  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** The number of the oldest message: 1 at the beginning of the room, Infinity if there is no message. */
  get oldest(): number {
    return this.#messages[0]?.number ?? Number.POSITIVE_INFINITY;
  }

  /** The number of the newest message; 0 if there is none. */
  get newest(): number {
    return this.#messages.at(-1)?.number ?? 0;
  }

  /** Replaces all messages. */
  replace(messages: readonly Message[]): void {
    this.#messages = [];
    this.#early.clear();
    this.add(messages);
  }

  add(messages: readonly Message[]): void {
    const byId = new Map(this.#messages.map((message) => [message.id, message]));
    for (const message of messages) {
      const known = byId.get(message.id);
      const isNewer = known === undefined || message.revision > known.revision;
      if (isNewer) byId.set(message.id, this.#catchUp(message));
    }
    this.#messages = [...byId.values()].sort((one, other) => one.number - other.number);
  }

  /** Applies changes to the messages. The changes of one message come in their order. */
  change(changes: readonly MessageChange[]): void {
    for (const change of changes) {
      const { id } = change.data;
      const index = this.#messages.findIndex((message) => message.id === id);
      const message = this.#messages[index];
      if (message === undefined) {
        this.#early.set(id, [...(this.#early.get(id) ?? []), change]);
      } else {
        this.#messages[index] = applyChange(message, change);
      }
    }
  }

  /**
   * Removes the oldest messages, and all changes of messages that it does not have, if there are more than `MAX_KEPT`
   * of either. Returns whether it has removed any: then history has to be read from its end again.
   */
  trim(): boolean {
    if (this.#messages.length <= MAX_KEPT && this.#early.size <= MAX_KEPT) return false;
    this.#messages = this.#messages.slice(-MAX_KEPT);
    this.#early.clear();
    return true;
  }

  /** Applies the changes that have come before their message, in the order of their revisions. */
  #catchUp(message: Message): Message {
    const early = this.#early.get(message.id) ?? [];
    this.#early.delete(message.id);
    return early.toSorted((one, other) => one.data.revision - other.data.revision).reduce(applyChange, message);
  }

  /**
   * @param unreadAfter the number of the message above the line "New messages"; null for no line
   * @param writtenOf the text so far of an answer that is being written
   */
  rows(unreadAfter: number | null, writtenOf: (messageId: string) => string | null = () => null): TimelineRow[] {
    return this.#messages.map((message, index) => {
      const previous = this.#messages[index - 1];
      const startsDay = previous === undefined || !isSameDay(previous, message);
      const startsNew = isFirstAfter(unreadAfter, previous, message);
      const sharesByline = !startsDay && !startsNew && canShareByline(previous, message);
      return { message, written: writtenOf(message.id), startsDay, startsNew, sharesByline };
    });
  }
}

function isSameDay(one: Message, other: Message): boolean {
  return one.sentAt.toDateString() === other.sentAt.toDateString();
}

function isFirstAfter(number: number | null, previous: Message | undefined, message: Message): boolean {
  if (number === null || message.number <= number) return false;
  return previous === undefined || previous.number <= number;
}

function canShareByline(previous: Message, { author, sentAt, answer }: Message): boolean {
  // The byline of an answer says how far it is.
  if (answer !== null) return false;
  return previous.author === author && sentAt.getTime() - previous.sentAt.getTime() < BYLINE_TIME;
}

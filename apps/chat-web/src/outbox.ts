import type { Message } from "@tidings-apps/chat-contract";
import * as z from "zod/mini";
import { ApiError } from "./api.ts";
import { oneTabAtATime } from "./one-tab-at-a-time.ts";

const StoredMessage = z.object({
  /** The idempotency key. It is the same for every attempt, so the server keeps the message once. */
  key: z.string(),
  roomId: z.string(),
  text: z.string(),
  /** When the person wrote it, in milliseconds since 1970. */
  at: z.number(),
  /** The newest number of the room at that time: a message with this number or an older one cannot be this message. */
  after: z.number(),
});

/** A message that has not come by the stream yet. */
export type WaitingMessage = z.infer<typeof StoredMessage> & {
  /** The server has it. */
  readonly isSent?: boolean;
  /** An attempt has failed for now. The next one follows. */
  readonly isDelayed?: boolean;
  /** Why the server has refused it. It is sent again only if the person asks for it. */
  readonly problem?: string;
};

/** The part of `localStorage` that the outbox uses. */
export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** What the outbox needs, and what it calls. */
export interface OutboxOptions {
  /** The owner of the messages: several people can share one browser. */
  readonly person: string;
  readonly storage: TextStorage;
  /** Resolves with the id of an event of the room, when the server has the message. Rejects with an ApiError. */
  readonly post: (roomId: string, text: string, key: string) => Promise<string>;
  /** Resolves when the page has everything of the room up to this event. */
  readonly arrival: (roomId: string, eventId: string) => Promise<void>;
  /** The waiting messages have changed. */
  readonly onChange: () => void;
  /** The session has ended. The waiting messages are kept. */
  readonly onSessionEnd: () => void;
}

/**
 * The messages that wait for the server, or that the server has and the stream has not brought yet. They are sent one
 * at a time, in the order of writing. They survive a reload, and the server gets each of them once.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #prefix: string;
  #messages: WaitingMessage[];
  /** The keys of the messages that have been in the storage. */
  readonly #stored = new Set<string>();
  /** For each key the id of the message that has come by the stream. The answer to its request may be lost. */
  readonly #streamed = new Map<string, string>();
  #sending: Promise<void> | null = null;
  #sendAgain = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    // A name can have a slash. Without one, no prefix begins another.
    this.#prefix = `tidings-chat/outbox/${encodeURIComponent(options.person)}/`;
    this.#messages = [];
    this.#share();
  }

  /** @param after the newest number of the room. @param now milliseconds since 1970 */
  add(roomId: string, text: string, after: number, now: number): void {
    // Two messages never have the same time, so the order survives a reload.
    const at = Math.max(now, (this.#messages.at(-1)?.at ?? 0) + 1);
    const message = { key: randomKey(), roomId, text, after, at };
    this.#messages = [...this.#messages, message];
    this.#store(() => {
      this.#options.storage.setItem(this.#prefix + message.key, JSON.stringify(message));
      this.#stored.add(message.key);
    });
    this.#options.onChange();
    void this.send();
  }

  /** Returns the messages to be shown in advance: without those that have already come by the stream. */
  waiting(roomId: string): readonly WaitingMessage[] {
    return this.#messages.filter((message) => message.roomId === roomId && !this.#streamed.has(message.key));
  }

  /** A message of this person has come by the stream. If a waiting message looks the same, it is not shown any more. */
  match(roomId: string, { id, number, text }: Pick<Message, "id" | "number" | "text">): void {
    if ([...this.#streamed.values()].includes(id)) return;
    const match = this.waiting(roomId).find((message) => message.text === text && message.after < number);
    if (match !== undefined) this.#streamed.set(match.key, id);
  }

  /** Sends a refused message again. */
  retry(key: string): void {
    this.#messages = this.#messages.map((message) => (message.key === key ? withoutProblem(message) : message));
    this.#options.onChange();
    void this.send();
  }

  /** Removes a message. */
  drop(key: string): void {
    this.#messages = this.#messages.filter((message) => message.key !== key);
    this.#streamed.delete(key);
    this.#forget(key);
    this.#options.onChange();
  }

  /** A reload does not bring the message back. */
  #forget(key: string): void {
    this.#store(() => this.#options.storage.removeItem(this.#prefix + key));
  }

  /** Sends the waiting messages, up to the first that does not reach the server. It can be called at any time. */
  send(): Promise<void> {
    if (this.#share()) this.#options.onChange();
    // A call while messages are being sent starts another attempt after it: the connection may have come back since.
    this.#sendAgain = true;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#sendAgain) {
      this.#sendAgain = false;
      let canContinue = true;
      while (canContinue && this.#next() !== undefined) {
        canContinue = await oneTabAtATime(this.#prefix, () => this.#sendNext());
      }
    }
  }

  /** Returns whether the message after it can be sent. */
  async #sendNext(): Promise<boolean> {
    // Another tab may have sent it while this one waited for its turn.
    if (this.#share()) this.#options.onChange();
    const next = this.#next();
    return next === undefined || this.#post(next);
  }

  #next(): WaitingMessage | undefined {
    return this.#messages.find(({ problem, isSent }) => problem === undefined && isSent === undefined);
  }

  /** Returns whether the next message can be sent. */
  async #post({ key, roomId, text }: WaitingMessage): Promise<boolean> {
    const { post, arrival, onSessionEnd } = this.#options;
    try {
      const eventId = await post(roomId, text, key);
      this.#forget(key);
      this.#update(key, { isSent: true });
      void arrival(roomId, eventId).finally(() => this.drop(key));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) {
        onSessionEnd();
        return false;
      }
      if (error.isTemporary) {
        this.#update(key, { isDelayed: true });
        return false;
      }
      this.#update(key, { problem: error.message });
      return true;
    }
  }

  #update(key: string, news: Pick<WaitingMessage, "problem" | "isSent" | "isDelayed">): void {
    this.#messages = this.#messages.map((message) => (message.key === key ? { ...message, ...news } : message));
    this.#options.onChange();
  }

  /**
   * All tabs of the person share the storage. One may have been closed before it could send; what another one has sent
   * or discarded is done. Returns whether anything has changed.
   */
  #share(): boolean {
    const loaded = new Map(this.#load().map((message) => [message.key, message]));
    const isDone = ({ key, isSent }: WaitingMessage) =>
      isSent === undefined && this.#stored.has(key) && !loaded.has(key);
    const kept = this.#messages.filter((message) => !isDone(message));
    const hasLess = kept.length < this.#messages.length;
    for (const { key } of this.#messages) loaded.delete(key);
    for (const key of loaded.keys()) this.#stored.add(key);
    this.#messages = [...kept, ...loaded.values()].sort((one, other) => one.at - other.at);
    return hasLess || loaded.size > 0;
  }

  #load(): WaitingMessage[] {
    const { storage } = this.#options;
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    return keys
      .filter((key) => key.startsWith(this.#prefix))
      .flatMap((key) => {
        const stored = StoredMessage.safeParse(parseJson(storage.getItem(key)));
        return stored.success ? [stored.data] : [];
      });
  }

  /** If the storage is full or forbidden, the message is sent all the same; it only does not survive a reload. */
  #store(write: () => void): void {
    try {
      write();
    } catch (error) {
      console.warn("A waiting message will not survive a reload.", error);
    }
  }
}

function withoutProblem({ problem: _problem, ...message }: WaitingMessage): WaitingMessage {
  return message;
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}

/** `crypto.randomUUID` does not exist on a page that comes over plain HTTP from another machine. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

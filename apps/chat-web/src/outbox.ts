import type { Message } from "@tidings-apps/chat-contract";
import * as z from "zod/mini";
import { ApiError } from "./api.ts";

const Entry = z.object({
  /** The same for every attempt, so the server keeps it once. */
  key: z.string(),
  roomId: z.string(),
  text: z.string(),
  /** When it was written, in milliseconds since 1970. */
  at: z.number(),
  /** The room's newest number at that time: what is older cannot be this message. */
  after: z.number(),
});

/** A message that the server has not confirmed yet. */
export type Entry = z.infer<typeof Entry> & {
  /** Why it will not be tried again by itself. */ readonly problem?: string;
};

/** The part of `localStorage` that is used. */
export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export interface OutboxOptions {
  /** Whose it is: several people may share a browser. */
  readonly person: string;
  readonly storage: TextStorage;
  /** Rejects with an ApiError. */
  readonly post: (roomId: string, text: string, key: string) => Promise<Message>;
  /** The server has it. */
  readonly onSent: (roomId: string, message: Message) => void;
  /** Something is shown differently. */
  readonly onChange: () => void;
  /** The server does not know the session any more; what waits is kept. */
  readonly onSessionEnd: () => void;
}

/** Messages on their way: in the order of writing, one at a time, kept over a reload, and each of them at the server once. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #prefix: string;
  #entries: Entry[];
  /** Messages that came by the stream before the answer to their request did. */
  readonly #arrived = new Map<string, string>();
  #sending: Promise<void> | null = null;
  #isWanted = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#prefix = `tidings-chat/outbox/${options.person}/`;
    this.#entries = this.#load();
  }

  add(roomId: string, text: string, after: number, now: number): void {
    const entry = { key: randomKey(), roomId, text, after, at: Math.max(now, (this.#entries.at(-1)?.at ?? 0) + 1) };
    this.#entries = [...this.#entries, entry];
    this.#store(() => this.#options.storage.setItem(this.#prefix + entry.key, JSON.stringify(entry)));
    this.#options.onChange();
    void this.send();
  }

  /** What is to be seen as not confirmed; without what the stream has brought already. */
  waiting(roomId: string): readonly Entry[] {
    return this.#entries.filter((entry) => entry.roomId === roomId && !this.#arrived.has(entry.key));
  }

  /** A message of this person came by the stream: the entry that it seems to be is not shown beside it. */
  match(roomId: string, { id, number, text }: Pick<Message, "id" | "number" | "text">): void {
    if ([...this.#arrived.values()].includes(id)) return;
    const entry = this.waiting(roomId).find((each) => each.text === text && each.after < number);
    if (entry !== undefined) this.#arrived.set(entry.key, id);
  }

  retry(key: string): void {
    this.#entries = this.#entries.map((entry) => (entry.key === key ? withoutProblem(entry) : entry));
    this.#options.onChange();
    void this.send();
  }

  drop(key: string): void {
    this.#entries = this.#entries.filter((entry) => entry.key !== key);
    this.#arrived.delete(key);
    this.#store(() => this.#options.storage.removeItem(this.#prefix + key));
    this.#options.onChange();
  }

  /** Sends what waits, up to the first that does not get through; safe to call at any time. */
  send(): Promise<void> {
    // A call during an attempt asks for another one: the reason to call may be newer than the failure under way.
    this.#isWanted = true;
    return (this.#sending ??= this.#sendAll().finally(() => (this.#sending = null)));
  }

  async #sendAll(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      let next: Entry | undefined;
      while ((next = this.#entries.find(({ problem }) => problem === undefined)) !== undefined) {
        if (!(await this.#post(next))) break;
      }
    }
  }

  /** Returns whether to go on with the next. */
  async #post({ key, roomId, text }: Entry): Promise<boolean> {
    const { post, onSent, onSessionEnd, onChange } = this.#options;
    try {
      const message = await post(roomId, text, key);
      this.#arrived.set(key, message.id);
      onSent(roomId, message);
      this.drop(key);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) onSessionEnd();
      if (error.isPassing || error.status === 401) return false;
      this.#entries = this.#entries.map((entry) => (entry.key === key ? { ...entry, problem: error.message } : entry));
      onChange();
      return true;
    }
  }

  #load(): Entry[] {
    const { storage } = this.#options;
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    return keys
      .filter((key) => key.startsWith(this.#prefix))
      .flatMap((key) => {
        const entry = Entry.safeParse(parseJson(storage.getItem(key)));
        return entry.success ? [entry.data] : [];
      })
      .sort((one, other) => one.at - other.at);
  }

  /** A full or forbidden storage costs only the reload. */
  #store(write: () => void): void {
    try {
      write();
    } catch (error) {
      console.warn("A waiting message will not survive a reload.", error);
    }
  }
}

function withoutProblem({ problem: _problem, ...entry }: Entry): Entry {
  return entry;
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}

/** `crypto.randomUUID` is missing where the page came over plain HTTP from another machine. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

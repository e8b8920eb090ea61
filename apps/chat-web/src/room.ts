import { chat } from "@tidings-apps/chat-contract";
import { createClient, type Client, type Gap } from "@tidings/client";
import { ApiError, signOut } from "./api.ts";
import { Composer } from "./composer.ts";
import { element } from "./element.ts";
import { MessageList } from "./message-list.ts";
import { Notice } from "./notice.ts";
import { StatusLine } from "./status-line.ts";
import { describeTyping, TypingPeople } from "./typing-people.ts";

const ROOM = "lobby";

/** The page of somebody who is in: one subscription, and what it changes on screen. */
export class Room {
  readonly #view = element("room", HTMLElement);
  readonly #topic = element("topic", HTMLParagraphElement);
  readonly #typing = element("typing", HTMLParagraphElement);
  readonly #messages = new MessageList();
  readonly #status = new StatusLine();
  readonly #notice = new Notice();
  readonly #people = new TypingPeople();
  readonly #composer: Composer;
  readonly #onLeave: (problem?: string) => void;
  #client: Client<typeof chat> | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param onLeave the person has signed out, or their session has ended */
  constructor(onLeave: (problem?: string) => void) {
    this.#onLeave = onLeave;
    this.#composer = new Composer({ roomId: ROOM, onSessionEnd: () => this.#leave("Your session has ended.") });
    element("sign-out", HTMLButtonElement).addEventListener("click", () => void this.#signOut());
  }

  enter(me: string): void {
    element("my-name", HTMLSpanElement).textContent = me;
    this.#view.hidden = false;
    this.#messages.begin(me);
    this.#notice.close();
    this.#composer.focus();
    this.#client = createClient(chat, { url: "/events" });
    const subscription = this.#client.subscribe(chat.room({ roomId: ROOM }), {
      snapshot: ({ messages }) => {
        this.#people.clear();
        this.#messages.replace(messages);
        this.#notice.settle();
      },
      message: (message) => {
        this.#people.remove(message.author);
        this.#messages.upsert(message);
      },
      typing: ({ author }) => void (author !== me && this.#people.add(author, Date.now())),
      topic: ({ text }) => this.#setTopic(text),
      onClear: ({ type }) => void (type === "topic" && this.#setTopic("")),
      onGap: (gap: Gap) => this.#notice.tell(gap.reason),
      onClose: (reason) => void (reason === "unauthenticated" && this.#leave("Your session has ended.")),
    });
    this.#status.follow(subscription.status);
    this.#timer = setInterval(() => this.#tick(), 250);
  }

  async #signOut(): Promise<void> {
    try {
      await signOut();
      this.#leave();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The cookie is the server's to take back.
      this.#leave(`You have left, but the server could not be told: a reload brings you back in. ${error.message}`);
    }
  }

  #leave(problem?: string): void {
    const client = this.#client;
    if (client === null) return;
    // Before close(), which calls onClose.
    this.#client = null;
    client.close();
    clearInterval(this.#timer);
    this.#people.clear();
    this.#composer.clear();
    this.#setTopic("");
    this.#view.hidden = true;
    this.#onLeave(problem);
  }

  /** Hints fade and seconds pass without any event. */
  #tick(): void {
    const now = Date.now();
    const typing = describeTyping(this.#people.at(now));
    // Written only when it changes: a screen reader reads out what is written.
    if (this.#typing.textContent !== typing) this.#typing.textContent = typing;
    this.#status.tick(now);
  }

  #setTopic(text: string): void {
    this.#topic.textContent = text;
    this.#topic.hidden = text === "";
  }
}

import type { Mention } from "@tidings-apps/chat-contract";
import { copyOf, element, elementIn } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";

/** Toasts that are on screen at once; older ones wait in the sidebar as an @. */
const MOST = 3;
/** How long a sentence that asks for nothing stays, in milliseconds. */
const PATIENCE = 8_000;

export interface ToastsOptions {
  onOpen(mention: Mention): void;
}

/** Tells of mentions, until they are read or sent away. */
export class Toasts {
  readonly #list: KeyedList<Mention>;
  readonly #said = element("said", HTMLParagraphElement);
  readonly #options: ToastsOptions;
  #mentions: readonly Mention[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ToastsOptions) {
    this.#options = options;
    this.#list = new KeyedList(element("toasts", HTMLUListElement), {
      key: ({ messageId }) => messageId,
      create: () => copyOf("toast"),
      update: (item, mention, before) => void (before === undefined && this.#paint(item, mention)),
    });
  }

  add(mention: Mention): void {
    this.#set([...this.#mentions, mention].slice(-MOST));
  }

  /** Keeps those that this is true of. */
  keep(isWanted: (mention: Mention) => boolean): void {
    if (!this.#mentions.every(isWanted)) this.#set(this.#mentions.filter(isWanted));
  }

  /** Returns whether there was anything to close. */
  clear(): boolean {
    const had = this.#mentions.length > 0;
    this.#set([]);
    return had;
  }

  /** One sentence, for instance that something did not work. */
  say(sentence: string): void {
    this.#said.textContent = sentence;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#said.textContent = ""), PATIENCE);
  }

  #set(mentions: readonly Mention[]): void {
    this.#mentions = mentions;
    this.#list.render(mentions);
  }

  #paint(item: HTMLElement, mention: Mention): void {
    elementIn(item, ".by", HTMLElement).textContent = mention.by;
    elementIn(item, ".where", HTMLElement).textContent = mention.roomName;
    elementIn(item, ".what", HTMLElement).textContent = mention.text;
    elementIn(item, ".open", HTMLButtonElement).addEventListener("click", () => {
      this.#drop(mention);
      this.#options.onOpen(mention);
    });
    elementIn(item, ".close", HTMLButtonElement).addEventListener("click", () => this.#drop(mention));
  }

  #drop(mention: Mention): void {
    this.#set(this.#mentions.filter(({ messageId }) => messageId !== mention.messageId));
    element("text", HTMLTextAreaElement).focus();
  }
}

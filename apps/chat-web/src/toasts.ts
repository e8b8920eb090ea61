import type { Mention } from "@tidings-apps/chat-contract";
import { copyOf, element, elementIn } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";

/** The most toasts on screen at once. Older mentions are still marked with an @ in the sidebar. */
const MAX_TOASTS = 3;
/** Milliseconds for which a sentence stays on screen. */
const SENTENCE_TIME = 8_000;

/** What the toasts call. */
export interface ToastsOptions {
  onOpen(mention: Mention): void;
}

/** Shows mentions until the person reads or closes them, and short sentences. */
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
      update: (item, mention, previous) => {
        if (previous === undefined) this.#paint(item, mention);
      },
    });
  }

  add(mention: Mention): void {
    this.#set([...this.#mentions, mention].slice(-MAX_TOASTS));
  }

  /** Removes the toasts of all mentions that are not wanted. */
  keep(isWanted: (mention: Mention) => boolean): void {
    if (!this.#mentions.every(isWanted)) this.#set(this.#mentions.filter(isWanted));
  }

  /** Removes all toasts. Returns whether there were any. */
  clear(): boolean {
    const hadToasts = this.#mentions.length > 0;
    this.#set([]);
    return hadToasts;
  }

  /** Shows one sentence, for example about a failure. */
  say(sentence: string): void {
    this.#said.textContent = sentence;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#said.textContent = "";
    }, SENTENCE_TIME);
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
      this.#remove(mention);
      this.#options.onOpen(mention);
    });
    elementIn(item, ".close", HTMLButtonElement).addEventListener("click", () => this.#remove(mention));
  }

  #remove(mention: Mention): void {
    this.#set(this.#mentions.filter(({ messageId }) => messageId !== mention.messageId));
    element("text", HTMLTextAreaElement).focus();
  }
}

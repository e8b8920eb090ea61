import type { Message } from "@tidings-apps/chat-contract";
import { element, elementIn } from "./element.ts";

/** Messages that the page holds; the oldest go first, so that a tab can stay open for weeks. */
const KEPT = 500;
/** Pixels from the end within which a reader counts as reading the newest. */
const NEAR = 80;
/** Messages of one author that follow each other within this time share one byline, in milliseconds. */
const TOGETHER = 5 * 60_000;

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/** The messages on screen. Whatever people wrote goes into text nodes, never into markup. */
export class MessageList {
  readonly #list = element("messages", HTMLOListElement);
  readonly #scroller = element("scroller", HTMLDivElement);
  readonly #template = element("message", HTMLTemplateElement);
  readonly #empty = element("empty", HTMLParagraphElement);
  readonly #newer = element("newer", HTMLButtonElement);
  readonly #shown = new Map<string, { readonly message: Message; readonly item: HTMLLIElement }>();
  #me = "";
  #last: Message | null = null;

  constructor() {
    this.#newer.addEventListener("click", () => {
      this.#scrollToEnd();
      element("text", HTMLTextAreaElement).focus();
    });
    this.#scroller.addEventListener("scroll", () => {
      if (this.#isNearEnd()) this.#newer.hidden = true;
    });
    // A keyboard or a banner that comes up must not push the newest message out of sight.
    new ResizeObserver(() => {
      if (this.#newer.hidden) this.#scrollToEnd();
    }).observe(this.#scroller);
  }

  /** Shows an empty room to this person, until the first state has come. */
  begin(me: string): void {
    this.#me = me;
    this.#clear();
    this.#empty.hidden = true;
    this.#scroller.ariaBusy = "true";
  }

  /** Shows this state and nothing else. */
  replace(messages: readonly Message[]): void {
    // Busy: a state is not read out like news.
    this.#scroller.ariaBusy = "true";
    this.#clear();
    for (const message of messages) this.#append(message);
    this.#scroller.ariaBusy = "false";
    this.#empty.hidden = messages.length > 0;
    this.#scrollToEnd();
  }

  /** Adds a message, or shows it anew: a state and an event may both tell of it. */
  upsert(message: Message): void {
    const shown = this.#shown.get(message.id);
    if (shown !== undefined) {
      elementIn(shown.item, ".text", HTMLParagraphElement).textContent = message.text;
      return;
    }
    const follows = this.#isNearEnd() || message.author === this.#me;
    this.#append(message);
    this.#empty.hidden = true;
    for (const [id, { item }] of this.#shown) {
      if (this.#shown.size <= KEPT) break;
      item.remove();
      this.#shown.delete(id);
    }
    if (follows) this.#scrollToEnd();
    else this.#newer.hidden = false;
  }

  #append(message: Message): void {
    const { author, text, sentAt } = message;
    const item = elementIn(document.importNode(this.#template.content, true), ".message", HTMLLIElement);
    item.dataset["id"] = message.id;
    item.classList.toggle("mine", author === this.#me);
    item.classList.toggle("goes-on", this.#last !== null && goesOn(this.#last, message));
    const avatar = elementIn(item, ".avatar", HTMLSpanElement);
    avatar.textContent = initialOf(author);
    avatar.dataset["hue"] = String(hueOf(author));
    elementIn(item, ".author", HTMLElement).textContent = author;
    elementIn(item, ".text", HTMLParagraphElement).textContent = text;
    const time = elementIn(item, "time", HTMLTimeElement);
    time.dateTime = sentAt.toISOString();
    time.textContent = timeOfDay.format(sentAt);
    time.title = dateAndTime.format(sentAt);
    this.#list.append(item);
    this.#shown.set(message.id, { message, item });
    this.#last = message;
  }

  #clear(): void {
    this.#list.replaceChildren();
    this.#shown.clear();
    this.#last = null;
    this.#newer.hidden = true;
  }

  #isNearEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #scrollToEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#newer.hidden = true;
  }
}

function goesOn(before: Message, { author, sentAt }: Message): boolean {
  return before.author === author && sentAt.getTime() - before.sentAt.getTime() < TOGETHER;
}

/** The first letter that a person would see: names may begin with an emoji of several code points. */
function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment.toLocaleUpperCase() ?? "";
}

/** One of the eight colours of the style sheet, always the same for a name. */
function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % 8;
}

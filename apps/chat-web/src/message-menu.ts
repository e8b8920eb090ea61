import { REACTIONS, type Emoji, type Message } from "@tidings-apps/chat-contract";
import { element } from "./element.ts";

/** What the menu calls. It is closed before. */
export interface MessageMenuOptions {
  onReact(message: Message, emoji: Emoji): void;
  onEdit(message: Message): void;
  onDelete(message: Message): void;
}

/** Pixels between the menu and its button, and between the menu and the edges of the window. */
const DISTANCE = 4;

/** The menu of one message: reactions for everybody, and the author's own changes. */
export class MessageMenu {
  readonly #menu = element("message-menu", HTMLDivElement);
  readonly #edit = element("menu-edit", HTMLButtonElement);
  readonly #delete = element("menu-delete", HTMLButtonElement);
  readonly #reactions: readonly HTMLButtonElement[];
  #message: Message | null = null;

  constructor(options: MessageMenuOptions) {
    this.#reactions = REACTIONS.map((emoji) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = emoji;
      button.ariaLabel = `React with ${emoji}`;
      this.#onClick(button, (message) => options.onReact(message, emoji));
      return button;
    });
    element("menu-reactions", HTMLDivElement).append(...this.#reactions);
    this.#onClick(this.#edit, (message) => options.onEdit(message));
    this.#onClick(this.#delete, (message) => options.onDelete(message));
  }

  /** Opens the menu beside a button. */
  open(message: Message, me: string, button: HTMLElement): void {
    this.#message = message;
    this.#edit.hidden = message.author !== me;
    this.#delete.hidden = message.author !== me;
    for (const [index, emoji] of REACTIONS.entries()) {
      const people = message.reactions.find((reaction) => reaction.emoji === emoji)?.people ?? [];
      const reaction = this.#reactions[index];
      if (reaction !== undefined) reaction.ariaPressed = String(people.includes(me));
    }
    this.#menu.showPopover();
    this.#placeBeside(button.getBoundingClientRect());
    this.#reactions[0]?.focus();
  }

  close(): void {
    this.#menu.hidePopover();
  }

  #placeBeside({ right, top, bottom }: DOMRect): void {
    const { offsetWidth, offsetHeight, style } = this.#menu;
    const fitsBelow = bottom + DISTANCE + offsetHeight < innerHeight;
    style.left = `${Math.max(DISTANCE, right - offsetWidth)}px`;
    style.top = `${Math.max(DISTANCE, fitsBelow ? bottom + DISTANCE : top - DISTANCE - offsetHeight)}px`;
  }

  #onClick(button: HTMLButtonElement, call: (message: Message) => void): void {
    button.addEventListener("click", () => {
      const message = this.#message;
      this.close();
      if (message !== null) call(message);
    });
  }
}

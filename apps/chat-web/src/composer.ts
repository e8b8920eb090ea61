import { MAX_TEXT } from "@tidings-apps/chat-contract";
import { element } from "./element.ts";
import { EmojiPicker } from "./emoji-picker.ts";
import { NameMenu } from "./name-menu.ts";

/** Milliseconds between two typing hints. Other pages show a hint for a little longer. */
const TYPING_INTERVAL = 2_500;

/** What the composer calls. */
export interface ComposerOptions {
  onSend(text: string): void;
  onTyping(): void;
  /** Returns the names that can be mentioned. */
  names(): readonly string[];
}

/** The form in which the person writes messages. Each room has its own draft. */
export class Composer {
  readonly #form = element("composer", HTMLFormElement);
  readonly #text = element("text", HTMLTextAreaElement);
  readonly #label = element("text-label", HTMLLabelElement);
  readonly #problem = element("composer-problem", HTMLParagraphElement);
  readonly #emoji: EmojiPicker;
  readonly #options: ComposerOptions;
  readonly #drafts = new Map<string, string>();
  #roomId = "";
  /** When the last typing hint was sent, in milliseconds since 1970. */
  #lastHint = 0;

  constructor(options: ComposerOptions) {
    this.#options = options;
    const names = new NameMenu(this.#text, () => options.names());
    this.#emoji = new EmojiPicker((emoji) => {
      this.#text.focus();
      this.#text.setRangeText(emoji, this.#text.selectionStart, this.#text.selectionEnd, "end");
      this.#check();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("keydown", (event) => {
      // In an input method, Enter chooses a word and does not send.
      if (event.isComposing) return;
      if (names.onKey(event)) {
        event.preventDefault();
        // No other listener may handle the key: Escape closes one thing at a time.
        event.stopPropagation();
      } else if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
    });
    this.#text.addEventListener("input", () => {
      this.#check();
      if (this.#text.value.trim() !== "") this.#hint();
    });
  }

  /** Switches to a room. The draft of the room before is kept. */
  enter(roomId: string, roomName: string): void {
    this.#label.textContent = `Message to ${roomName}`;
    this.#text.placeholder = `Message ${roomName}`;
    if (roomId === this.#roomId) return;
    this.#drafts.set(this.#roomId, this.#text.value);
    this.#roomId = roomId;
    this.#text.value = this.#drafts.get(roomId) ?? "";
    this.#lastHint = 0;
    this.#check();
  }

  focus(): void {
    this.#text.focus();
  }

  /** Returns whether a menu was open. */
  closeMenus(): boolean {
    return this.#emoji.close();
  }

  /** Removes all drafts, because another person may sign in. */
  clear(): void {
    this.#drafts.clear();
    this.#roomId = "";
    this.#text.value = "";
    this.#check();
  }

  #send(): void {
    const text = this.#text.value.trim();
    if (text === "" || text.length > MAX_TEXT) return;
    this.#text.value = "";
    // The next text sends its first hint at once.
    this.#lastHint = 0;
    this.#options.onSend(text);
    this.#text.focus();
  }

  #check(): void {
    const tooMany = this.#text.value.trim().length - MAX_TEXT;
    this.#problem.textContent = tooMany > 0 ? `${tooMany} characters too long.` : "";
    this.#text.ariaInvalid = String(tooMany > 0);
  }

  #hint(): void {
    const now = Date.now();
    if (now - this.#lastHint < TYPING_INTERVAL || !navigator.onLine) return;
    this.#lastHint = now;
    this.#options.onTyping();
  }
}

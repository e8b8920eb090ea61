import { MAX_TEXT, type Message } from "@tidings-apps/chat-contract";
import type { Edit } from "./api.ts";
import { AssistantTip } from "./assistant-tip.ts";
import { element, elementIn, setText } from "./element.ts";
import { EmojiPicker } from "./emoji-picker.ts";
import { NameMenu } from "./name-menu.ts";
import type { Preferences } from "./preferences.ts";
import { refuseFiles } from "./refuse-files.ts";

/** Milliseconds between two typing hints. Other pages show a hint for a little longer. */
const TYPING_INTERVAL = 2_500;

/** The most characters that are inserted at once. A browser needs minutes to show millions of them in a field. */
const MAX_INSERTED = 10 * MAX_TEXT;

/** Why a new text of a message is not stored. */
export interface EditProblem {
  readonly sentence: string;
  /** The text that somebody has written meanwhile, and that the sentence shows; null if there is none. */
  readonly newest: string | null;
}

/** What the composer needs, and what it calls. */
export interface ComposerOptions {
  readonly preferences: Preferences;
  onSend(text: string): void;
  onTyping(): void;
  /** Stores a new text of a message. Returns the problem; null if it is stored. */
  onEdit(messageId: string, edit: Edit): Promise<EditProblem | null>;
  /** Returns the message that the person edits with the up arrow. */
  ownNewest(): Message | undefined;
  /** Returns the names that can be mentioned. */
  names(): readonly string[];
}

/** The form in which the person writes and edits messages. Each room has its own draft. */
export class Composer {
  readonly #form = element("composer", HTMLFormElement);
  readonly #text = element("text", HTMLTextAreaElement);
  readonly #label = element("text-label", HTMLLabelElement);
  readonly #problem = element("composer-problem", HTMLParagraphElement);
  readonly #emoji: EmojiPicker;
  readonly #tip: AssistantTip;
  readonly #options: ComposerOptions;
  readonly #drafts = new Map<string, string>();
  readonly #editing = element("editing", HTMLDivElement);
  #roomId = "";
  #roomName = "";
  /** The id of the message that is being edited; null if the person writes a new one. */
  #editedId: string | null = null;
  /** The text of that message that the person has seen. A newer one is not overwritten. */
  #seenText = "";
  /** The id of the message whose new text is on its way to the server; null if there is none. */
  #savedId: string | null = null;
  /** Whose drafts these are. */
  #person = "";
  /** When the last typing hint was sent, in milliseconds since 1970. */
  #lastHint = 0;

  constructor(options: ComposerOptions) {
    this.#options = options;
    this.#tip = new AssistantTip(options.preferences);
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
      } else if (event.key === "ArrowUp" && !event.altKey && this.#text.value === "") {
        const message = options.ownNewest();
        if (message === undefined) return;
        event.preventDefault();
        this.edit(message);
      } else if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
    });
    refuseFiles(() => setText(this.#problem, "Files cannot be sent. Write where the file can be found."));
    this.#text.addEventListener("beforeinput", (event) => this.#refuseHuge(event));
    this.#text.addEventListener("input", () => {
      this.#check();
      if (this.#text.value.trim() !== "" && this.#editedId === null) this.#hint();
    });
    element("stop-editing", HTMLButtonElement).addEventListener("click", () => this.stopEditing());
  }

  /** Lets the person edit a message. Their draft comes back afterwards. */
  edit({ id, text }: Pick<Message, "id" | "text">): void {
    if (this.#editedId === null) this.#drafts.set(this.#roomId, this.#text.value);
    this.#seenText = text;
    this.#showText(id, text);
    this.#text.focus();
  }

  /** Returns whether a message was being edited. */
  stopEditing(): boolean {
    if (this.#editedId === null) return false;
    this.#showText(null, this.#drafts.get(this.#roomId) ?? "");
    this.#text.focus();
    return true;
  }

  /** Switches to a room. The draft of the room before is kept. */
  enter(roomId: string, roomName: string): void {
    this.#roomName = roomName;
    this.#renderLabel();
    if (roomId === this.#roomId) return;
    if (this.#editedId === null) this.#drafts.set(this.#roomId, this.#text.value);
    this.#roomId = roomId;
    this.#lastHint = 0;
    this.#showText(null, this.#drafts.get(roomId) ?? "");
  }

  focus(): void {
    this.#text.focus();
  }

  /** Closes the menu of emoji, or else stops to edit. Returns whether there was anything to close. */
  closeMenus(): boolean {
    return this.#emoji.close() || this.stopEditing();
  }

  /** A person has signed in. They find the drafts that they had when their session ended, and nobody else's. */
  begin(person: string): void {
    if (person !== this.#person) this.#drafts.clear();
    this.#person = person;
    this.#text.focus();
  }

  /** Hides the drafts, because another person may sign in. */
  leave(): void {
    if (this.#editedId === null) this.#drafts.set(this.#roomId, this.#text.value);
    this.#roomId = "";
    this.#showText(null, "");
  }

  /** @param editedId the message that the text belongs to; null for a new one */
  #showText(editedId: string | null, text: string): void {
    this.#editedId = editedId;
    this.#renderEditing();
    this.#text.value = text;
    this.#renderLabel();
    this.#check();
  }

  #renderLabel(): void {
    const isNew = this.#editedId === null;
    this.#label.textContent = isNew ? `Message to ${this.#roomName}` : "New text of your message";
    this.#text.placeholder = isNew ? `Message ${this.#roomName}` : "";
  }

  #send(): void {
    const text = this.#text.value.trim();
    // A name that was chosen can have made the text too long.
    this.#check();
    if (text === "" || text.length > MAX_TEXT) return;
    if (this.#editedId !== null) {
      void this.#saveEdited(this.#editedId, text);
      return;
    }
    this.#text.value = "";
    // The next text sends its first hint at once.
    this.#lastHint = 0;
    this.#tip.onSent(text);
    this.#options.onSend(text);
    this.#text.focus();
  }

  /** The text stays until the server has it: an edit does not wait in the outbox. */
  async #saveEdited(messageId: string, text: string): Promise<void> {
    if (this.#savedId === messageId) return;
    this.#savedId = messageId;
    this.#renderEditing();
    const problem = await this.#options.onEdit(messageId, { text, expects: this.#seenText });
    if (this.#savedId === messageId) this.#savedId = null;
    this.#renderEditing();
    // Meanwhile the person may have begun something else.
    if (this.#editedId !== messageId) return;
    if (problem === null) {
      this.#seenText = text;
      // What the person has written since is not saved yet.
      if (this.#text.value.trim() === text) this.stopEditing();
    } else {
      this.#seenText = problem.newest ?? this.#seenText;
      this.#problem.textContent = problem.sentence;
    }
  }

  #renderEditing(): void {
    this.#editing.hidden = this.#editedId === null;
    const isSaving = this.#editedId !== null && this.#savedId === this.#editedId;
    setText(elementIn(this.#editing, "p", HTMLElement), isSaving ? "Saving…" : "You are editing a message.");
  }

  #check(): void {
    const tooMany = this.#text.value.trim().length - MAX_TEXT;
    this.#problem.textContent = tooMany > 0 ? `${tooMany} ${tooMany === 1 ? "character" : "characters"} too long.` : "";
    this.#text.ariaInvalid = String(tooMany > 0);
  }

  /** A text that is pasted or dropped, and much too long, is not inserted. */
  #refuseHuge(event: InputEvent): void {
    const { length } = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    if (length <= MAX_INSERTED) return;
    event.preventDefault();
    this.#problem.textContent = `Not inserted: the text has ${length} characters, a message at most ${MAX_TEXT}.`;
  }

  #hint(): void {
    const now = Date.now();
    if (now - this.#lastHint < TYPING_INTERVAL) return;
    this.#lastHint = now;
    this.#options.onTyping();
  }
}

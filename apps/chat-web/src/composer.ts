import { MAX_TEXT } from "@tidings-apps/chat-contract";
import { ApiError, postMessage, postTyping } from "./api.ts";
import { element, elementIn } from "./element.ts";

/** Milliseconds between two hints that somebody is typing; others show one for a little longer. */
const TYPING_INTERVAL = 2_500;

export interface ComposerOptions {
  readonly roomId: string;
  /** The server does not know the session any more. */
  onSessionEnd(): void;
}

/** Where messages are written. A text stays until the server has it, and an attempt that is repeated sends it once. */
export class Composer {
  readonly #form = element("composer", HTMLFormElement);
  readonly #text = element("text", HTMLTextAreaElement);
  readonly #problem = element("composer-problem", HTMLParagraphElement);
  readonly #button = elementIn(this.#form, "button", HTMLButtonElement);
  readonly #options: ComposerOptions;
  /** Of the text that is in the field and was tried once. */
  #attempt: { readonly text: string; readonly key: string } | null = null;
  #sending = false;
  #lastHint = 0;

  constructor(options: ComposerOptions) {
    this.#options = options;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#text.addEventListener("keydown", (event) => {
      // While an input method composes, Enter chooses a word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
    this.#text.addEventListener("input", () => {
      this.#say(this.#text.value.length > MAX_TEXT ? `${this.#text.value.length - MAX_TEXT} characters too long.` : "");
      if (this.#text.value.trim() !== "") this.#hint();
    });
  }

  focus(): void {
    this.#text.focus();
  }

  /** For somebody else at the same screen. */
  clear(): void {
    this.#text.value = "";
    this.#attempt = null;
    this.#say("");
  }

  async #send(): Promise<void> {
    const text = this.#text.value.trim();
    if (text === "" || text.length > MAX_TEXT || this.#sending) return;
    if (this.#attempt?.text !== text) this.#attempt = { text, key: randomKey() };
    this.#setSending(true);
    try {
      await postMessage(this.#options.roomId, text, this.#attempt.key);
      this.clear();
      // The next text is hinted at anew.
      this.#lastHint = 0;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.#options.onSessionEnd();
      else
        this.#say(
          `Not sent. ${error.message} Your text is still here: send it again when you like, it will not appear twice.`,
        );
    } finally {
      this.#setSending(false);
    }
  }

  #setSending(sending: boolean): void {
    this.#sending = sending;
    this.#text.readOnly = sending;
    this.#button.ariaDisabled = String(sending);
  }

  #say(problem: string): void {
    this.#problem.textContent = problem;
    this.#text.ariaInvalid = String(problem !== "");
  }

  #hint(): void {
    const now = Date.now();
    if (now - this.#lastHint < TYPING_INTERVAL || !navigator.onLine) return;
    this.#lastHint = now;
    // A hint that is lost is not worth a word.
    postTyping(this.#options.roomId).catch(() => {});
  }
}

/** `crypto.randomUUID` is missing where the page came over plain HTTP from another machine. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

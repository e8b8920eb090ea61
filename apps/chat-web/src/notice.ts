import type { Gap } from "@tidings/client";
import { element } from "./element.ts";

const causes: Readonly<Record<Gap["reason"], string>> = {
  trimmed: "you were away for longer than the server remembers",
  reset: "the server was restarted and does not remember them",
  lost: "the server has lost them",
};

/** Says openly that something is missing. It stays until the person has seen it. */
export class Notice {
  readonly #box = element("notice", HTMLDivElement);
  readonly #text = element("notice-text", HTMLParagraphElement);
  #cause = "";

  constructor() {
    element("notice-close", HTMLButtonElement).addEventListener("click", () => {
      this.close();
      element("text", HTMLTextAreaElement).focus();
    });
  }

  /** There is a gap; what the server still has is under way. */
  tell(reason: Gap["reason"]): void {
    this.#cause = `Some messages could not be recovered: ${causes[reason]}.`;
    this.#box.hidden = false;
    this.#text.textContent = `${this.#cause} Reloading from the server…`;
  }

  /** What the server has is on screen. */
  settle(): void {
    if (this.#cause !== "") this.#text.textContent = `${this.#cause} Reloaded from the server.`;
    this.#cause = "";
  }

  close(): void {
    this.#box.hidden = true;
    this.#text.textContent = "";
    this.#cause = "";
  }
}

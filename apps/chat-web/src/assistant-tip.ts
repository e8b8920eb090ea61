import { ASSISTANT } from "@tidings-apps/chat-contract";
import { element } from "./element.ts";
import type { Preferences } from "./preferences.ts";

/** The hint above the composer that there is an assistant. It is there until the person knows it. */
export class AssistantTip {
  readonly #box = element("assistant-tip", HTMLDivElement);
  readonly #preferences: Preferences;

  constructor(preferences: Preferences) {
    this.#preferences = preferences;
    this.#box.hidden = preferences.value.knowsAssistant;
    element("assistant-tip-close", HTMLButtonElement).addEventListener("click", () => {
      this.#dismiss();
      element("text", HTMLTextAreaElement).focus();
    });
  }

  /** The person has sent a text. It asks the assistant: no hint is needed any more. */
  onSent(text: string): void {
    if (text.toLowerCase().includes(`@${ASSISTANT.toLowerCase()}`)) this.#dismiss();
  }

  #dismiss(): void {
    this.#box.hidden = true;
    this.#preferences.set({ knowsAssistant: true });
  }
}

import type { Status, Watchable } from "@tidings/client";
import { element, setText } from "./element.ts";
import { describeStatus, describeWait, type StatusText } from "./status-text.ts";

/** Shows the status of the connection in the header of the room. */
export class StatusLine {
  readonly #line = element("status", HTMLParagraphElement);
  readonly #text = element("status-text", HTMLSpanElement);
  readonly #countdown = element("countdown", HTMLSpanElement);
  readonly #tryNow = element("try-now", HTMLButtonElement);
  #shown: StatusText | null = null;
  #unsubscribe = () => {};

  /** @param onTryNow called when the person does not want to wait for the next attempt */
  constructor(onTryNow: () => void) {
    this.#tryNow.addEventListener("click", () => {
      onTryNow();
      // The button goes away when the attempt begins.
      element("text", HTMLTextAreaElement).focus();
    });
  }

  follow(status: Watchable<Status>): void {
    this.#unsubscribe();
    this.#unsubscribe = status.subscribe((value) => this.#show(describeStatus(value)));
    this.#show(describeStatus(status.value));
  }

  /** Updates the countdown. @param now milliseconds since 1970 */
  tick(now: number): void {
    setText(this.#countdown, describeWait(this.#shown?.retryAt, now));
  }

  #show(shown: StatusText): void {
    this.#shown = shown;
    this.#line.dataset["tone"] = shown.tone;
    setText(this.#text, shown.text);
    this.#tryNow.hidden = shown.canTryNow !== true;
    this.tick(Date.now());
  }
}

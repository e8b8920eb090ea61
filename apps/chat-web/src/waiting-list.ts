import { paintAvatar } from "./avatar.ts";
import { copyOf, element, elementIn, setText } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";
import { paintText } from "./paint-text.ts";
import type { Outbox, WaitingMessage } from "./outbox.ts";

/** The person's own messages that the stream has not brought yet. They are shown below all others. */
export class WaitingList {
  readonly #list: KeyedList<WaitingMessage>;
  #isLive = false;
  #me = "";

  /** @param outbox returns the outbox of the current session */
  constructor(outbox: () => Outbox | undefined) {
    this.#list = new KeyedList(element("waiting", HTMLOListElement), {
      key: ({ key }) => key,
      create: () => copyOf("waiting-message"),
      update: (item, { key, text, problem, isSent, isDelayed }, previous) => {
        if (previous === undefined) {
          paintAvatar(elementIn(item, ".avatar", HTMLElement), this.#me);
          elementIn(item, ".author", HTMLElement).textContent = this.#me;
          paintText(elementIn(item, ".text", HTMLElement), text, [], "");
          elementIn(item, ".retry", HTMLButtonElement).addEventListener("click", () => outbox()?.retry(key));
          elementIn(item, ".drop", HTMLButtonElement).addEventListener("click", () => outbox()?.drop(key));
        }
        item.classList.toggle("failed", problem !== undefined);
        const isRefused = problem !== undefined;
        const sending = isDelayed === true ? "Not sent yet. Trying again…" : "Sending…";
        const waiting = this.#isLive ? sending : "Waiting for the connection";
        const state = isSent === true ? "Sent" : waiting;
        setText(elementIn(item, ".state", HTMLElement), isRefused ? `Not sent. ${problem}` : state);
        for (const selector of [".retry", ".drop"]) {
          elementIn(item, selector, HTMLButtonElement).hidden = problem === undefined;
        }
      },
    });
  }

  /** @param me the name of their author */
  render(messages: readonly WaitingMessage[], me: string, isLive: boolean): void {
    this.#me = me;
    this.#isLive = isLive;
    this.#list.render(messages);
  }
}

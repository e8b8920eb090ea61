import { copyOf, element, elementIn, setText } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";
import { paintText } from "./message-item.ts";
import type { Entry, Outbox } from "./outbox.ts";

/** The person's own messages that the server has not confirmed, below those that it has. */
export class WaitingList {
  readonly #list: KeyedList<Entry>;
  #isLive = false;

  /** @param outbox of the session that goes on */
  constructor(outbox: () => Outbox | undefined) {
    this.#list = new KeyedList(element("waiting", HTMLOListElement), {
      key: ({ key }) => key,
      create: () => copyOf("waiting-message"),
      update: (item, { key, text, problem }, before) => {
        if (before === undefined) {
          paintText(elementIn(item, ".text", HTMLElement), text, [], "");
          elementIn(item, ".retry", HTMLButtonElement).addEventListener("click", () => outbox()?.retry(key));
          elementIn(item, ".drop", HTMLButtonElement).addEventListener("click", () => outbox()?.drop(key));
        }
        item.classList.toggle("failed", problem !== undefined);
        const waiting = this.#isLive ? "Sending…" : "Waiting for the connection";
        setText(elementIn(item, ".state", HTMLElement), problem === undefined ? waiting : `Not sent. ${problem}`);
        for (const selector of [".retry", ".drop"]) {
          elementIn(item, selector, HTMLButtonElement).hidden = problem === undefined;
        }
      },
    });
  }

  render(entries: readonly Entry[], isLive: boolean): void {
    this.#isLive = isLive;
    this.#list.render(entries);
  }
}

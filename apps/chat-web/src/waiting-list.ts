import { paintAvatar } from "./avatar.ts";
import { copyOf, element, elementIn, setText } from "./element.ts";
import { KeyedList } from "./keyed-list.ts";
import { paintText } from "./message-item.ts";
import type { Entry, Outbox } from "./outbox.ts";

/** The person's own messages that the server has not confirmed, below those that it has. */
export class WaitingList {
  readonly #list: KeyedList<Entry>;
  #isLive = false;
  #me = "";

  /** @param outbox of the session that goes on */
  constructor(outbox: () => Outbox | undefined) {
    this.#list = new KeyedList(element("waiting", HTMLOListElement), {
      key: ({ key }) => key,
      create: () => copyOf("waiting-message"),
      update: (item, { key, text, problem }, before) => {
        if (before === undefined) {
          paintAvatar(elementIn(item, ".avatar", HTMLElement), this.#me);
          elementIn(item, ".author", HTMLElement).textContent = this.#me;
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

  /** @param me whose they are */
  render(entries: readonly Entry[], me: string, isLive: boolean): void {
    this.#me = me;
    this.#isLive = isLive;
    this.#list.render(entries);
  }
}

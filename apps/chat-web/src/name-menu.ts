import { ASSISTANT } from "@tidings-apps/chat-contract";
import { element } from "./element.ts";
import { completeName, insertName, type NameQuery } from "./name-completion.ts";

/** Offers names while the person writes a mention. The focus stays in the field; the arrow keys choose a name. */
export class NameMenu {
  readonly #field: HTMLTextAreaElement;
  readonly #list = element("names", HTMLUListElement);
  readonly #names: () => readonly string[];
  #query: NameQuery | null = null;
  #chosen = 0;

  /** @param names returns the names that can be mentioned */
  constructor(field: HTMLTextAreaElement, names: () => readonly string[]) {
    this.#field = field;
    this.#names = names;
    field.addEventListener("input", () => this.#update());
    field.addEventListener("click", () => this.#update());
    field.addEventListener("blur", () => this.close());
    // Not "click": at that time the field has already lost the focus.
    this.#list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const items = [...this.#list.children];
      const chosen = items.findIndex((item) => event.target instanceof Node && item.contains(event.target));
      if (chosen !== -1) this.#insert(chosen);
    });
  }

  /** Handles a key while the menu is open. Returns whether the menu has handled it. */
  onKey({ key }: KeyboardEvent): boolean {
    if (this.#query === null) return false;
    const { length } = this.#query.names;
    switch (key) {
      case "ArrowDown":
        this.#choose((this.#chosen + 1) % length);
        return true;
      case "ArrowUp":
        this.#choose((this.#chosen + length - 1) % length);
        return true;
      case "Enter":
      case "Tab":
        this.#insert(this.#chosen);
        return true;
      case "Escape":
        this.close();
        return true;
      default:
        return false;
    }
  }

  close(): void {
    this.#query = null;
    this.#list.hidden = true;
    this.#list.replaceChildren();
    this.#field.removeAttribute("aria-activedescendant");
  }

  #update(): void {
    const { value, selectionStart } = this.#field;
    const query = completeName(value, selectionStart, this.#names());
    if (query === null) return this.close();
    this.#query = query;
    this.#list.replaceChildren(
      ...query.names.map((name, index) => {
        const item = document.createElement("li");
        item.id = `name-${index}`;
        item.role = "option";
        item.dir = "auto";
        item.textContent = name;
        item.classList.toggle("assistant", name === ASSISTANT);
        return item;
      }),
    );
    this.#list.hidden = false;
    this.#choose(0);
  }

  #choose(index: number): void {
    this.#chosen = index;
    for (const [position, item] of [...this.#list.children].entries()) {
      item.ariaSelected = String(position === index);
    }
    this.#field.setAttribute("aria-activedescendant", `name-${index}`);
  }

  #insert(index: number): void {
    const name = this.#query?.names[index];
    if (this.#query === null || name === undefined) return;
    const { text, caret } = insertName(this.#field.value, this.#query, name);
    this.#field.value = text;
    this.#field.setSelectionRange(caret, caret);
    this.close();
  }
}

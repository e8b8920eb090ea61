import { element } from "./element.ts";
import { completeName, insertName, type NameQuery } from "./name-completion.ts";

/** Offers names while somebody writes an `@`. The focus stays in the field; the arrows walk through the names. */
export class NameMenu {
  readonly #field: HTMLTextAreaElement;
  readonly #list = element("names", HTMLUListElement);
  readonly #names: () => readonly string[];
  #query: NameQuery | null = null;
  #chosen = 0;

  /** @param names everybody who could be meant */
  constructor(field: HTMLTextAreaElement, names: () => readonly string[]) {
    this.#field = field;
    this.#names = names;
    field.addEventListener("input", () => this.#look());
    field.addEventListener("click", () => this.#look());
    field.addEventListener("blur", () => this.close());
    // Not click: the field would have lost the focus by then.
    this.#list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const items = [...this.#list.children];
      const chosen = items.findIndex((item) => event.target instanceof Node && item.contains(event.target));
      if (chosen !== -1) this.#insert(chosen);
    });
  }

  /** Takes the keys that are meant for it. Returns whether it has taken this one. */
  onKey({ key }: KeyboardEvent): boolean {
    if (this.#query === null) return false;
    const { length } = this.#query.names;
    if (key === "ArrowDown") this.#choose((this.#chosen + 1) % length);
    else if (key === "ArrowUp") this.#choose((this.#chosen + length - 1) % length);
    else if (key === "Enter" || key === "Tab") this.#insert(this.#chosen);
    else if (key === "Escape") this.close();
    else return false;
    return true;
  }

  close(): void {
    this.#query = null;
    this.#list.hidden = true;
    this.#list.replaceChildren();
    this.#field.removeAttribute("aria-activedescendant");
  }

  #look(): void {
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
        return item;
      }),
    );
    this.#list.hidden = false;
    this.#choose(0);
  }

  #choose(index: number): void {
    this.#chosen = index;
    for (const [each, item] of [...this.#list.children].entries()) item.ariaSelected = String(each === index);
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

export interface KeyedListOptions<Item> {
  readonly key: (item: Item) => string;
  readonly create: () => HTMLElement;
  /** @param before what the element has shown so far; undefined when it is new */
  readonly update: (element: HTMLElement, item: Item, before: Item | undefined) => void;
}

/** The children of an element, one for each item. What stays keeps its element, and with it the focus and a screen reader's place. */
export class KeyedList<Item> {
  readonly #parent: HTMLElement;
  readonly #options: KeyedListOptions<Item>;
  #shown = new Map<string, { readonly element: HTMLElement; readonly item: Item }>();

  constructor(parent: HTMLElement, options: KeyedListOptions<Item>) {
    this.#parent = parent;
    this.#options = options;
  }

  elementOf(key: string): HTMLElement | undefined {
    return this.#shown.get(key)?.element;
  }

  render(items: readonly Item[]): void {
    const { key, create, update } = this.#options;
    const shown = new Map<string, { readonly element: HTMLElement; readonly item: Item }>();
    for (const item of items) {
      const before = this.#shown.get(key(item));
      const element = before?.element ?? create();
      update(element, item, before?.item);
      shown.set(key(item), { element, item });
    }
    for (const [each, { element }] of this.#shown) if (!shown.has(each)) element.remove();
    let next = this.#parent.firstElementChild;
    for (const { element } of shown.values()) {
      if (element === next) next = next.nextElementSibling;
      else this.#parent.insertBefore(element, next);
    }
    this.#shown = shown;
  }
}

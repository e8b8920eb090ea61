/** How a list shows its items. */
export interface KeyedListOptions<Item> {
  readonly key: (item: Item) => string;
  readonly create: () => HTMLElement;
  /** @param previous the item that the element shows now; undefined if the element is new */
  readonly update: (element: HTMLElement, item: Item, previous: Item | undefined) => void;
}

interface ShownItem<Item> {
  readonly element: HTMLElement;
  readonly item: Item;
}

/**
 * Shows a list of items as the children of an element. An item that stays in the list keeps its element, and so the
 * focus and the position of a screen reader stay, too.
 */
export class KeyedList<Item> {
  readonly #parent: HTMLElement;
  readonly #options: KeyedListOptions<Item>;
  #shown = new Map<string, ShownItem<Item>>();

  constructor(parent: HTMLElement, options: KeyedListOptions<Item>) {
    this.#parent = parent;
    this.#options = options;
  }

  elementOf(key: string): HTMLElement | undefined {
    return this.#shown.get(key)?.element;
  }

  render(items: readonly Item[]): void {
    const { key, create, update } = this.#options;
    const shown = new Map<string, ShownItem<Item>>();
    for (const item of items) {
      const previous = this.#shown.get(key(item));
      const element = previous?.element ?? create();
      update(element, item, previous?.item);
      shown.set(key(item), { element, item });
    }
    for (const [itemKey, { element }] of this.#shown) {
      if (!shown.has(itemKey)) element.remove();
    }
    // Elements that are already in the right place are not moved.
    let next = this.#parent.firstElementChild;
    for (const { element } of shown.values()) {
      if (element === next) {
        next = next.nextElementSibling;
      } else {
        this.#parent.insertBefore(element, next);
      }
    }
    this.#shown = shown;
  }
}

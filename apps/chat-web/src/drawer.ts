import { element } from "./element.ts";

/** The width from which the sidebar fits beside the messages. The style sheet has the same width. */
const WIDE = "(min-width: 48rem)";

/** On a small screen the sidebar covers the messages. While it is closed, the keyboard cannot reach it. */
export class Drawer {
  readonly #sidebar = element("sidebar", HTMLElement);
  readonly #room = element("room", HTMLElement);
  readonly #button = element("menu", HTMLButtonElement);
  readonly #backdrop = element("backdrop", HTMLDivElement);
  readonly #wide = matchMedia(WIDE);
  #isOpen = false;

  constructor() {
    this.#button.addEventListener("click", () => this.#set(true));
    this.#backdrop.addEventListener("click", () => this.close());
    this.#wide.addEventListener("change", () => this.#set(false));
    this.#set(false);
  }

  /** Returns whether the drawer was open. */
  close(): boolean {
    if (!this.#isOpen) return false;
    this.#set(false);
    this.#button.focus();
    return true;
  }

  #set(isOpen: boolean): void {
    this.#isOpen = isOpen;
    this.#sidebar.classList.toggle("open", isOpen);
    this.#sidebar.inert = !isOpen && !this.#wide.matches;
    this.#room.inert = isOpen;
    this.#backdrop.hidden = !isOpen;
    this.#button.ariaExpanded = String(isOpen);
    if (isOpen) element("joined-rooms", HTMLUListElement).querySelector("a")?.focus();
  }
}

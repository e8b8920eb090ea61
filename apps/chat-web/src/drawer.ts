import { element } from "./element.ts";

/** Where there is room for the sidebar beside the messages. The style sheet has the same width. */
const WIDE = "(min-width: 52rem)";

/** On a small screen the sidebar lies over the messages, and is out of reach while it is closed. */
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

  /** Returns whether there was anything to close. */
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

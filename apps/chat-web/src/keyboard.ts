/** What the keys do. */
export interface KeyboardOptions {
  /**
   * Escape calls them in this order, until one returns true. Each closes one thing if it is open, and returns whether
   * it was.
   */
  readonly closers: readonly (() => boolean)[];
  /** Opens the room above (-1) or below (1) in the sidebar. */
  onStep(step: -1 | 1): void;
}

/** Listens to the keys that work wherever the focus is. They do not work while a dialog or a menu is open. */
export function listenToKeys({ closers, ...options }: KeyboardOptions): void {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open], :popover-open") !== null) return;
    const isArrow = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (event.key === "Escape") {
      closers.some((close) => close());
    } else if (event.altKey && isArrow) {
      event.preventDefault();
      options.onStep(event.key === "ArrowUp" ? -1 : 1);
    }
  });
}

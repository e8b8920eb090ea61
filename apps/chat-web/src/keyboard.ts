export interface KeyboardOptions {
  /** Each closes one thing, and returns whether there was anything to close; the first that does is the last that is asked. */
  readonly closers: readonly (() => boolean)[];
  /** To the room above or below in the sidebar. */
  onStep(by: -1 | 1): void;
}

/** The keys that mean something wherever the focus is. A dialog has its own. */
export function listenToKeys({ closers, ...options }: KeyboardOptions): void {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") closers.some((close) => close());
    else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      options.onStep(event.key === "ArrowUp" ? -1 : 1);
    }
  });
}

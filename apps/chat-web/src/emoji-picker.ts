import { element } from "./element.ts";

/** A few emoji, each with the name that a screen reader says. */
const EMOJI: readonly (readonly [string, string])[] = [
  ["👍", "thumbs up"],
  ["👎", "thumbs down"],
  ["👏", "applause"],
  ["🙏", "thank you"],
  ["👋", "wave"],
  ["💪", "strong"],
  ["🙌", "hooray"],
  ["🤝", "agreed"],
  ["😀", "grin"],
  ["😂", "tears of joy"],
  ["😊", "smile"],
  ["😉", "wink"],
  ["😍", "in love"],
  ["😎", "cool"],
  ["🤔", "thinking"],
  ["😅", "relieved"],
  ["😢", "sad"],
  ["😭", "crying"],
  ["😡", "angry"],
  ["😱", "shocked"],
  ["🥳", "party"],
  ["😴", "asleep"],
  ["🤯", "mind blown"],
  ["🙈", "not looking"],
  ["❤️", "heart"],
  ["🔥", "fire"],
  ["🎉", "celebration"],
  ["✨", "sparkles"],
  ["🚀", "rocket"],
  ["💡", "idea"],
  ["✅", "done"],
  ["❌", "no"],
  ["⚠️", "warning"],
  ["👀", "looking"],
  ["💯", "hundred"],
  ["☕", "coffee"],
  ["🍕", "pizza"],
  ["🌈", "rainbow"],
  ["🐛", "bug"],
  ["🎁", "present"],
];
const COLUMNS = 8;

/** A grid of emoji. It is one tab stop; the arrow keys move inside it. */
export class EmojiPicker {
  readonly #button = element("emoji", HTMLButtonElement);
  readonly #grid = element("emoji-grid", HTMLDivElement);
  #focused = 0;

  /** @param onPick called with the emoji; the caller sets the focus */
  constructor(onPick: (emoji: string) => void) {
    this.#button.addEventListener("click", () => (this.#grid.hidden ? this.#open() : this.close()));
    this.#grid.addEventListener("click", ({ target }) => {
      if (!(target instanceof HTMLButtonElement)) return;
      this.close();
      onPick(target.textContent ?? "");
    });
    this.#grid.addEventListener("keydown", (event) => this.#onKey(event));
    this.#grid.addEventListener("focusout", ({ relatedTarget }) => {
      const staysInside = relatedTarget instanceof Node && this.#grid.contains(relatedTarget);
      if (!staysInside && relatedTarget !== this.#button) this.close(false);
    });
  }

  /** Returns whether the picker was open. */
  close(takesFocus = true): boolean {
    if (this.#grid.hidden) return false;
    this.#grid.hidden = true;
    this.#button.ariaExpanded = "false";
    if (takesFocus) this.#button.focus();
    return true;
  }

  #open(): void {
    // The buttons are created when the picker opens for the first time.
    if (this.#grid.childElementCount === 0) {
      this.#grid.append(...EMOJI.map(([emoji, name]) => createButton(emoji, name)));
    }
    this.#grid.hidden = false;
    this.#button.ariaExpanded = "true";
    this.#focus(this.#focused);
  }

  #onKey(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: COLUMNS,
      ArrowUp: -COLUMNS,
      Home: -EMOJI.length,
      End: EMOJI.length,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#focus(Math.min(EMOJI.length - 1, Math.max(0, this.#focused + step)));
  }

  #focus(index: number): void {
    this.#focused = index;
    for (const [position, button] of [...this.#grid.querySelectorAll("button")].entries()) {
      button.tabIndex = position === index ? 0 : -1;
      if (position === index) button.focus();
    }
  }
}

function createButton(emoji: string, name: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = emoji;
  button.ariaLabel = name;
  button.title = name;
  return button;
}

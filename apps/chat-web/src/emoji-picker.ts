import { element } from "./element.ts";

/** A small choice, with the name that a screen reader says. */
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

/** A grid of emoji: one tab stop, arrows inside. */
export class EmojiPicker {
  readonly #button = element("emoji", HTMLButtonElement);
  readonly #grid = element("emoji-grid", HTMLDivElement);
  #chosen = 0;

  /** @param onPick told the emoji; the focus is the caller's to set */
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

  /** Returns whether there was anything to close. */
  close(takesFocus = true): boolean {
    if (this.#grid.hidden) return false;
    this.#grid.hidden = true;
    this.#button.ariaExpanded = "false";
    if (takesFocus) this.#button.focus();
    return true;
  }

  #open(): void {
    // Made when somebody wants it, and then kept.
    if (this.#grid.childElementCount === 0) this.#grid.append(...EMOJI.map(([emoji, name]) => buttonOf(emoji, name)));
    this.#grid.hidden = false;
    this.#button.ariaExpanded = "true";
    this.#choose(this.#chosen);
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
    this.#choose(Math.min(EMOJI.length - 1, Math.max(0, this.#chosen + step)));
  }

  #choose(index: number): void {
    this.#chosen = index;
    for (const [each, button] of [...this.#grid.querySelectorAll("button")].entries()) {
      button.tabIndex = each === index ? 0 : -1;
      if (each === index) button.focus();
    }
  }
}

function buttonOf(emoji: string, name: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = emoji;
  button.ariaLabel = name;
  button.title = name;
  return button;
}

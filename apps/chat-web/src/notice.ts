import type { Gap } from "@tidings/client";
import { element, setText } from "./element.ts";
import type { FollowedRoom } from "./followed-room.ts";

const CAUSES: Readonly<Record<Gap["reason"], string>> = {
  trimmed: "you were away for longer than the server remembers",
  reset: "the server was restarted and does not remember them",
  lost: "the server has lost them",
  "too-large": "they are too large for this page",
  unreadable: "this page is too old for them; reload it",
};

/** A notice that messages of a room are missing. It stays until the person dismisses it. */
export class Notice {
  readonly #box = element("notice", HTMLDivElement);
  readonly #text = element("notice-text", HTMLParagraphElement);

  /** @param onDismiss called when the person dismisses the notice */
  constructor(onDismiss: () => void) {
    element("notice-close", HTMLButtonElement).addEventListener("click", () => {
      onDismiss();
      element("text", HTMLTextAreaElement).focus();
    });
  }

  render(gap: FollowedRoom["gap"]): void {
    this.#box.hidden = gap === null;
    setText(this.#text, gap === null ? "" : describeGap(gap));
  }
}

function describeGap({ reason, isHealed }: NonNullable<FollowedRoom["gap"]>): string {
  const cause = `Some messages could not be recovered: ${CAUSES[reason]}.`;
  return `${cause} ${isHealed ? "Reloaded from the server." : "Reloading from the server…"}`;
}

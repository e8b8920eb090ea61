import type { Gap } from "@tidings/client";
import { element, setText } from "./element.ts";
import type { FollowedRoom } from "./followed-room.ts";

const causes: Readonly<Record<Gap["reason"], string>> = {
  trimmed: "you were away for longer than the server remembers",
  reset: "the server was restarted and does not remember them",
  lost: "the server has lost them",
};

/** Says openly that something is missing in a room. It stays until the person has seen it. */
export class Notice {
  readonly #box = element("notice", HTMLDivElement);
  readonly #text = element("notice-text", HTMLParagraphElement);

  /** @param onClose the person has taken note */
  constructor(onClose: () => void) {
    element("notice-close", HTMLButtonElement).addEventListener("click", () => {
      onClose();
      element("text", HTMLTextAreaElement).focus();
    });
  }

  render(gap: FollowedRoom["gap"]): void {
    this.#box.hidden = gap === null;
    setText(this.#text, gap === null ? "" : describeGap(gap));
  }
}

function describeGap({ reason, isHealed }: NonNullable<FollowedRoom["gap"]>): string {
  const cause = `Some messages could not be recovered: ${causes[reason]}.`;
  return `${cause} ${isHealed ? "Reloaded from the server." : "Reloading from the server…"}`;
}

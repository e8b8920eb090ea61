import { ASSISTANT } from "@tidings-apps/chat-contract";
import { copyOf } from "./element.ts";

/** Shows a person as a letter on a colour, and the assistant as a cup. A name always has the same colour. */
export function paintAvatar(avatar: HTMLElement, name: string): void {
  const isAssistant = name === ASSISTANT;
  avatar.classList.toggle("assistant", isAssistant);
  if (isAssistant) return avatar.replaceChildren(copyOf("assistant-sign"));
  avatar.textContent = initialOf(name);
  avatar.dataset["hue"] = String(hueOf(name));
}

/** Returns the first letter of a name, as a reader sees it: an emoji can consist of several code points. */
function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment.toLocaleUpperCase() ?? "";
}

/** Returns the number of one of the eight colours in the style sheet. */
function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % 8;
}

import { formatText, type FormattedText } from "./formatted-text.ts";
import { isEmojiOnly, type TextPart } from "./text-parts.ts";

/** Shows a text with its formats, links and mentions. The texts of people go into text nodes, never into markup. */
export function paintText(target: HTMLElement, text: string, mentions: readonly string[], me: string): void {
  target.classList.toggle("large", isEmojiOnly(text));
  target.replaceChildren(...formatText(text, mentions).map((piece) => toNode(piece, me)));
}

/** Shows parts of a text: plain text, links and mentions. */
export function paintParts(target: HTMLElement, parts: readonly TextPart[], me: string): void {
  target.replaceChildren(...parts.map((part) => toPartNode(part, me)));
}

export function isSameName(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

function toNode(piece: FormattedText, me: string): Node {
  switch (piece.kind) {
    case "part":
      return toPartNode(piece.part, me);
    case "strong":
    case "em":
      return elementOf(piece.kind, toNodes(piece.content, me));
    case "code":
      return elementOf("code", [piece.text]);
    case "code-block":
      return elementOf("pre", [elementOf("code", [piece.text])]);
    case "list": {
      const items = piece.items.map((item) => elementOf("li", toNodes(item, me)));
      if (piece.start === null) return elementOf("ul", items);
      const list = elementOf("ol", items);
      list.start = piece.start;
      return list;
    }
  }
}

const toNodes = (content: readonly FormattedText[], me: string): Node[] => content.map((piece) => toNode(piece, me));

function toPartNode(part: TextPart, me: string): Node {
  if (part.href !== undefined) return linkTo(part.href, part.text);
  if (part.mention === undefined) return document.createTextNode(part.text);
  const mark = elementOf("span", [part.text]);
  mark.className = isSameName(part.mention, me) ? "mention me-mentioned" : "mention";
  return mark;
}

function elementOf<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  content: readonly (Node | string)[],
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.append(...content);
  return element;
}

function linkTo(href: string, text: string): HTMLAnchorElement {
  const link = elementOf("a", [text]);
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  return link;
}

/** A piece of what somebody wrote. */
export interface TextPart {
  readonly text: string;
  /** Where it leads, only ever over http or https. */
  readonly href?: string;
  /** Who is named. */
  readonly mention?: string;
}

const LINK = /\bhttps?:\/\/[^\s<>"]+/giu;
/** What ends a sentence does not belong to the link in it. */
const TRAILING = /[.,:;!?'*_~…)\]}]+$/u;
const WORD = /[\p{L}\p{N}_]/u;
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Regional_Indicator})/u;
/** Emoji that still look better large. */
const FEW = 6;

/** Cuts a text at its links and at the names in it; joined again, the parts are the text. */
export function partsOf(text: string, mentions: readonly string[] = []): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimLink(match[0]);
    if (!URL.canParse(link)) continue;
    parts.push(...mentionsIn(text.slice(end, match.index), mentions), { text: link, href: new URL(link).href });
    end = match.index + link.length;
  }
  return [...parts, ...mentionsIn(text.slice(end), mentions)];
}

/** Whether a text is a few emoji and nothing else. */
export function isEmojiOnly(text: string): boolean {
  const signs = Array.from(new Intl.Segmenter().segment(text.replaceAll(/\s/gu, "")), ({ segment }) => segment);
  return signs.length > 0 && signs.length <= FEW && signs.every((sign) => EMOJI.test(sign));
}

/** A bracket that the link itself has opened stays. */
function trimLink(link: string): string {
  const trimmed = link.replace(TRAILING, "");
  return link[trimmed.length] === ")" && trimmed.includes("(") ? `${trimmed})` : trimmed;
}

/** The longest name that fits wins, at a word boundary on both sides, in any case. */
function mentionsIn(text: string, mentions: readonly string[]): TextPart[] {
  const names = [...mentions].sort((one, other) => other.length - one.length);
  const parts: TextPart[] = [];
  let end = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    if (at < end || WORD.test(text[at - 1] ?? "")) continue;
    const mention = names.find((name) => fits(text, at + 1, name));
    if (mention === undefined) continue;
    if (at > end) parts.push({ text: text.slice(end, at) });
    end = at + 1 + mention.length;
    parts.push({ text: text.slice(at, end), mention });
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

function fits(text: string, at: number, name: string): boolean {
  const found = text.slice(at, at + name.length);
  return found.toLowerCase() === name.toLowerCase() && !WORD.test(text[at + name.length] ?? "");
}

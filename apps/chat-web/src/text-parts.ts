/** A part of a text: plain text, a link or a mention. */
export interface TextPart {
  readonly text: string;
  /** The target of a link; always http or https. */
  readonly href?: string;
  /** The name of the person who is mentioned. */
  readonly mention?: string;
}

const LINK = /\bhttps?:\/\/[^\s<>"`]+/giu;
/** The characters at the end of a sentence. They do not belong to a link at its end. */
const TRAILING = /[.,:;!?'*_~…)\]}]+$/u;
const WORD = /[\p{L}\p{N}_]/u;
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Regional_Indicator})/u;
/** A text of at most this many emoji is shown large. */
const MAX_LARGE_EMOJI = 6;

/** Cuts a text at its links and mentions. The parts joined together are the text again. */
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

/** Returns whether a text consists of a few emoji and nothing else. */
export function isEmojiOnly(text: string): boolean {
  const withoutSpaces = text.replaceAll(/\s/gu, "");
  const characters = Array.from(new Intl.Segmenter().segment(withoutSpaces), ({ segment }) => segment);
  const isShort = characters.length > 0 && characters.length <= MAX_LARGE_EMOJI;
  return isShort && characters.every((character) => EMOJI.test(character));
}

/** Removes the end of a sentence from a link. A closing bracket stays if the link contains its opening bracket. */
function trimLink(link: string): string {
  const trimmed = link.replace(TRAILING, "");
  return link[trimmed.length] === ")" && trimmed.includes("(") ? `${trimmed})` : trimmed;
}

/** Finds the mentions in a text: whole words only, in upper or lower case. The longest name that fits wins. */
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

import { Lexer, Tokenizer, type MarkedToken, type Token, type Tokens } from "marked";
import { partsOf, type TextPart } from "./text-parts.ts";

/** A piece of a message: a part of the text, or a piece of Markdown with pieces inside. */
export type FormattedText =
  | { readonly kind: "part"; readonly part: TextPart }
  | { readonly kind: "strong" | "em"; readonly content: readonly FormattedText[] }
  | { readonly kind: "code" | "code-block"; readonly text: string }
  | {
      readonly kind: "list";
      /** The number of the first item; null for a list with bullets. */
      readonly start: number | null;
      readonly items: readonly (readonly FormattedText[])[];
    };

/** Lists in lists beyond this depth would not fit on a telephone. They are shown as they were written. */
const MAX_DEPTH = 3;
/** Many markers in one line make a deep list, which takes long to parse. */
const DEEP_LIST = /^(?:[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+){5}/mu;
/** What can begin or end a format: a run of asterisks, underscores or backticks, or the marker of a list. */
const MARKER = /\*+|_+|`+|^[ \t]*(?:[-+]|\d{1,9}[.)])[ \t]/gmu;
/** The time of the parser grows with the square of the markers. Nobody writes as many as this. */
const MAX_MARKERS = 300;
/** The first of the private characters that stand for links and mentions while Markdown is parsed. */
const FIRST_STAND_IN = 0xe000;
const STAND_IN = /([\ue000-\uf8ff])/u;

/** Markdown of the chat: bold, italics, code, and lists. Everything else is text, above all HTML and links. */
class ChatTokenizer extends Tokenizer {
  override blockquote = none;
  override code = none;
  override def = none;
  override heading = none;
  override hr = none;
  override html = none;
  override lheading = none;
  override table = none;
  override autolink = none;
  override br = none;
  override del = none;
  override escape = none;
  override link = none;
  override reflink = none;
  override tag = none;
  override url = none;

  /** An asterisk inside of a word is a sign of multiplication or a wildcard, and no marker. */
  override emStrong(src: string, maskedSrc: string, prevChar = ""): Tokens.Em | Tokens.Strong | undefined {
    const token = super.emStrong(src, maskedSrc, prevChar);
    const isInWord = WORD_END.test(prevChar) || (token !== undefined && WORD_BEGIN.test(src.slice(token.raw.length)));
    const raw = /^(?:\*+|_+)/.exec(src)?.[0];
    if (!isInWord || raw === undefined) return token;
    // Safe: the lexer adds whatever token comes back, and a text is one of its tokens.
    return { type: "text", raw, text: raw, escaped: false } as unknown as Tokens.Em;
  }
}

/** Scripts that write no spaces between words, and Korean, whose particles follow a word without one. */
const WITHOUT_SPACES = ["Han", "Hiragana", "Katakana", "Hangul", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join("");
const LETTER = `(?![${WITHOUT_SPACES}])[\\p{L}\\p{N}]`;
const WORD_END = new RegExp(`${LETTER}$`, "u");
const WORD_BEGIN = new RegExp(`^${LETTER}`, "u");

function none(): undefined {}

/**
 * Finds the formats of a text. A text without any comes back with all its spaces and line breaks.
 *
 * Links and mentions are found first: `*` in an address or a name is no Markdown. A text with more markers than people
 * write is not parsed.
 */
export function formatText(text: string, mentions: readonly string[] = []): FormattedText[] {
  const parts = partsOf(text, mentions);
  const hasTooManyMarkers = (text.match(MARKER)?.length ?? 0) > MAX_MARKERS;
  const canParse = !hasTooManyMarkers && !STAND_IN.test(text) && !DEEP_LIST.test(text);
  const formatted = canParse ? new Formatter(parts).format() : [];
  const hasFormats = formatted.some(({ kind }) => kind !== "part");
  return hasFormats ? formatted : parts.map((part) => ({ kind: "part", part }));
}

class Formatter {
  readonly #parts: readonly TextPart[];

  constructor(parts: readonly TextPart[]) {
    this.#parts = parts;
  }

  format(): FormattedText[] {
    const standIn = (index: number) => String.fromCharCode(FIRST_STAND_IN + index);
    const source = this.#parts.map((part, index) => (isPlain(part) ? part.text : standIn(index))).join("");
    return this.#blocks(new Lexer({ tokenizer: new ChatTokenizer(), gfm: false }).lex(source), 0);
  }

  #blocks(tokens: readonly Token[], depth: number): FormattedText[] {
    // A list or a block of code has space around it, so the line breaks beside it are left out.
    const isBox = (index: number): boolean => ["list", "code"].includes(tokens[index]?.type ?? "");
    return tokens.flatMap((token, index) => {
      if (isBox(index)) return this.#box(token, depth);
      const isLastOfItem = depth > 0 && index === tokens.length - 1;
      const begin = isBox(index - 1) ? /^\n+/ : "";
      const end = isBox(index + 1) || isLastOfItem ? /\n+$/ : "";
      return this.#paragraph(token, token.raw.replace(begin, "").replace(end, ""));
    });
  }

  /** @param written the source of the paragraph, without the line breaks that are not shown */
  #paragraph(token: Token, written: string): FormattedText[] {
    const tokens = "tokens" in token ? (token.tokens ?? []) : [];
    const hasFormats = tokens.some(({ type }) => type !== "text");
    if (!hasFormats) return this.#expand(written);
    const inner = tokens.map(({ raw }) => raw).join("");
    const [before = "", after = ""] = written.split(inner);
    return [...this.#expand(before), ...this.#inline(tokens), ...this.#expand(after)];
  }

  #box(token: Token, depth: number): FormattedText[] {
    // Safe: the lexer has no extensions, so it makes only its own tokens.
    const box = token as Tokens.List | Tokens.Code;
    if (box.type === "code") {
      return box.text === "" ? this.#expand(box.raw) : [{ kind: "code-block", text: this.#restore(box.text) }];
    }
    // A single "-" or "2024." is a text and not an empty list.
    const hasEmptyItem = box.items.some(({ tokens }) => tokens.length === 0);
    if (hasEmptyItem || depth === MAX_DEPTH) return this.#expand(box.raw);
    const items = box.items.map(({ tokens }) => this.#blocks(tokens, depth + 1));
    return [{ kind: "list", start: box.ordered ? Number(box.start) : null, items }];
  }

  #inline(tokens: readonly Token[]): FormattedText[] {
    return tokens.flatMap((each): FormattedText[] => {
      // Safe: the lexer has no extensions, so it makes only its own tokens.
      const token = each as MarkedToken;
      if (token.type === "strong" || token.type === "em") return this.#emphasis(token);
      if (token.type === "codespan") return [{ kind: "code", text: this.#restore(token.text) }];
      return this.#expand(token.raw);
    });
  }

  /** Only `*` is a marker: `_` is a part of names and of ¯\_(ツ)_/¯. */
  #emphasis({ type, raw, text, tokens }: Tokens.Strong | Tokens.Em): FormattedText[] {
    const content = this.#inline(tokens);
    if (raw.startsWith("*")) return [{ kind: type, content }];
    const marker = raw.slice(0, (raw.length - text.length) / 2);
    return [...this.#expand(marker), ...content, ...this.#expand(marker)];
  }

  /** Replaces the private characters by the links and mentions for which they stand. */
  #expand(source: string): FormattedText[] {
    const pieces = source.split(STAND_IN).filter((piece) => piece !== "");
    return pieces.map((piece) => ({ kind: "part", part: this.#partOf(piece) ?? { text: piece } }));
  }

  /** The text of code: links and mentions in it are text. */
  #restore(source: string): string {
    return source.replaceAll(new RegExp(STAND_IN, "gu"), (standIn) => this.#partOf(standIn)?.text ?? "");
  }

  #partOf(standIn: string): TextPart | undefined {
    return this.#parts[standIn.charCodeAt(0) - FIRST_STAND_IN];
  }
}

function isPlain({ href, mention }: TextPart): boolean {
  return href === undefined && mention === undefined;
}

import { laws, type Law } from "@tidings/testing/wire";

/** A sentence of PROTOCOL.md, or a row of one of its tables. */
export interface Sentence {
  readonly text: string;
  /** The laws that quote it, or a part of it. */
  readonly laws: readonly Law[];
}

export interface Section {
  readonly number: string;
  readonly title: string;
  /** On one line. */
  readonly text: string;
  readonly sentences: readonly Sentence[];
}

/** The numbered sections of PROTOCOL.md. Blocks of code are left out, since a sentence describes each. */
export function sectionsOf(protocol: string): Section[] {
  const parts = protocol.split(/^##+ (?=\d)/m).slice(1);
  return parts.map((part) => {
    const [, number = "", title = ""] = /^(\d[\d.]*?)\.? (.+)/.exec(part) ?? [];
    const body = part.slice(part.indexOf("\n"));
    const text = flat(body);
    const own = laws.filter(({ section }) => section === number);
    let from = 0;
    const sentences = partsOf(body.replaceAll(/^ *```[^]*?^ *```$/gm, "")).map((sentence) => {
      const start = text.indexOf(sentence, from);
      const end = start + sentence.length;
      from = end;
      const quotes = ({ says }: Law) => {
        const at = text.indexOf(flat(says));
        return at < end && at + flat(says).length > start;
      };
      return { text: sentence, laws: own.filter(quotes) };
    });
    return { number, title, text, sentences };
  });
}

/** Text on one line. */
export function flat(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}

/** Rows without the heads of their tables, items of lists, and sentences. */
function partsOf(body: string): string[] {
  return body
    .replaceAll(/^.*\n\|[-| ]+\|$/gm, "")
    .split(/\n\s*\n|\n(?=\||- )/)
    .map((block) => flat(block))
    .flatMap((block) => (block.startsWith("|") ? [block] : block.split(/(?<=\.\**) (?=[A-Z`*“(])/)))
    .filter((sentence) => sentence !== "");
}

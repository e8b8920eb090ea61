import { compareNames } from "./compare-names.ts";

/** A mention that the person is writing, and the names that fit. */
export interface NameQuery {
  /** The position of the `@`. */
  readonly start: number;
  /** The position of the caret. */
  readonly end: number;
  readonly names: readonly string[];
}

/** The most names that are offered at once. */
const MAX_OFFERED = 6;
/** The longest text after an `@` that is taken for a name. Names can have spaces, so a space does not end it. */
const MAX_QUERY = 40;

/** Returns the names that fit the text before the caret; null if there is no `@` or no name fits. */
export function completeName(text: string, caret: number, names: readonly string[]): NameQuery | null {
  const start = text.lastIndexOf("@", caret - 1);
  if (start === -1 || caret - start > MAX_QUERY) return null;
  const isInWord = /[\p{L}\p{N}_]/u.test(text[start - 1] ?? "");
  if (isInWord) return null;
  const wanted = text.slice(start + 1, caret).toLowerCase();
  if (wanted.includes("\n") || wanted.startsWith(" ")) return null;
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  found.sort((one, other) => rank(one, wanted) - rank(other, wanted) || compareNames(one, other));
  return found.length === 0 ? null : { start, end: caret, names: found.slice(0, MAX_OFFERED) };
}

/** Returns the text with the chosen name in it, and the new position of the caret. */
export function insertName(text: string, { start, end }: NameQuery, name: string): { text: string; caret: number } {
  const before = `${text.slice(0, start)}@${name} `;
  return { text: before + text.slice(end).replace(/^ /, ""), caret: before.length };
}

/** Names that start with the text come before names that contain it. */
function rank(name: string, wanted: string): number {
  return name.toLowerCase().startsWith(wanted) ? 0 : 1;
}

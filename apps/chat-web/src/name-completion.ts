/** An `@` that somebody has just begun to write. */
export interface NameQuery {
  /** Where the `@` stands. */
  readonly start: number;
  /** Where the caret stands. */
  readonly end: number;
  readonly names: readonly string[];
}

/** Names that are offered at once. */
const MOST = 6;
/** A name may have spaces; whoever has written this much without a hit is not looking for one. */
const LONGEST = 40;

/** What could be meant at the caret, or null. */
export function completeName(text: string, caret: number, names: readonly string[]): NameQuery | null {
  const start = text.lastIndexOf("@", caret - 1);
  if (start === -1 || caret - start > LONGEST || /[\p{L}\p{N}_]/u.test(text[start - 1] ?? "")) return null;
  const wanted = text.slice(start + 1, caret).toLowerCase();
  if (wanted.includes("\n") || wanted.startsWith(" ")) return null;
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  found.sort((one, other) => rank(one, wanted) - rank(other, wanted) || one.localeCompare(other));
  return found.length === 0 ? null : { start, end: caret, names: found.slice(0, MOST) };
}

/** The text with the chosen name in it. */
export function insertName(text: string, { start, end }: NameQuery, name: string): { text: string; caret: number } {
  const before = `${text.slice(0, start)}@${name} `;
  return { text: before + text.slice(end).replace(/^ /, ""), caret: before.length };
}

/** Who begins like this comes before whose name has it somewhere. */
const rank = (name: string, wanted: string): number => (name.toLowerCase().startsWith(wanted) ? 0 : 1);

/** Two texts as one key of a map; the length keeps them apart, whatever characters they have. */
export function pairName(one: string, other: string): string {
  return `${one.length} ${one}${other}`;
}

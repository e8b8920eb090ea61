/** Returns a form of a name for comparisons: upper and lower case are equal, and so are full and half width. */
export function toComparableName(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/**
 * Characters without ink. The tags of flags are kept: they alone tell England's flag from Scotland's. A regular
 * expression with `v` is made from a text, as in the contract.
 */
const WITHOUT_INK = new RegExp("[[\\p{Default_Ignorable_Code_Point}\\u2800]--[\\u{e0020}-\\u{e007f}]]", "gv");

/**
 * Returns the form of a name for comparisons. Two names that differ only in upper and lower case, in full and half
 * width, in the kind and number of spaces, or in joiners and other characters without ink have the same form.
 */
export function toComparableName(name: string): string {
  const compatible = name.replaceAll(WITHOUT_INK, "").replaceAll(/\s+/gu, " ").normalize("NFKC");
  // Upper case first: it has one form of letters such as ß and ς, and lower case alone keeps both.
  return compatible.toUpperCase().toLowerCase().normalize("NFKC");
}

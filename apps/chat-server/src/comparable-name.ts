/**
 * Characters without ink. The tags of flags are kept: they alone tell England's flag from Scotland's. A regular
 * expression with `v` is made from a text, as in the contract.
 */
const WITHOUT_INK = new RegExp("[[\\p{Default_Ignorable_Code_Point}\\u2800]--[\\u{e0020}-\\u{e007f}]]", "gv");

/** Letters in lower case that look like the Latin ones below them, in lower or in upper case; and signs. */
const LOOK_ALIKES = [
  // Cyrillic
  ["авеһіјкӏмнорԛѕтуүѵԝхьԁ", "abehijklmhopqstyyvwxbd"],
  // Greek
  ["αβεζηικμνορτυχ", "abezhikmnoptyx"],
  // Latin, small capitals and others
  ["ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡı", "abcdefghijklmnoprstuvwyzagi"],
  // Hyphens, dashes and a minus; apostrophes. Telephones write them by themselves.
  ["\u2010\u2012\u2013\u2014\u2212\u2018\u2019\u02bc", "-----'''"],
] as const;
const LATIN = new Map(
  LOOK_ALIKES.flatMap(([others, latin]) => Array.from(others, (letter, index) => [letter, latin[index] ?? letter])),
);
const EACH_LOOK_ALIKE = new RegExp(`[${[...LATIN.keys()].join("")}]`, "gu");

/**
 * Returns the form of a name for comparisons. Two names that differ only in upper and lower case, in full and half
 * width, in the kind and number of spaces, in joiners and other characters without ink, in hyphens and apostrophes, or
 * in Cyrillic and Greek letters that look like Latin ones, have the same form.
 */
export function toComparableName(name: string): string {
  const compatible = name.replaceAll(WITHOUT_INK, "").replaceAll(/\s+/gu, " ").normalize("NFKC");
  // Upper case first: it has one form of letters such as ß and ς, and lower case alone keeps both.
  const lower = compatible.toUpperCase().toLowerCase();
  // With its accents apart, each letter is found.
  const latin = lower.normalize("NFKD").replaceAll(EACH_LOOK_ALIKE, (letter) => LATIN.get(letter) ?? letter);
  return latin.normalize("NFKC");
}

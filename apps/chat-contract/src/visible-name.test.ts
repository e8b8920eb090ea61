import { expect, test } from "vitest";
import { NewName, NewRoomName } from "./visible-name.ts";
import { Name } from "./words.ts";

const named = (codePoint: number) => `U+${codePoint.toString(16).toUpperCase()}`;
const refuses = (name: string) => !NewName.safeParse(name).success && !NewRoomName.safeParse(name).success;

test("a new name can have any script, emoji and combining marks", () => {
  for (const name of [
    "Ada Lovelace",
    "李小龍",
    "👩‍🚀",
    "❤️ Bo",
    "1️⃣",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🇦🇹",
    "👍🏽",
    "Zoe\u0308",
    "A\u0323\u0302\u0301n",
    "ལྷོ་བྲག",
    "שָּׁלוֹם",
    "محمد",
    "می‌خواهم",
    "क्‍ष",
    "<b>",
    "__proto__",
    "C++",
  ]) {
    expect(NewName.safeParse(name).success, name).toBe(true);
    expect(NewRoomName.safeParse(name).success, name).toBe(true);
  }
});

test.each([
  ["Burmese", "မျှော်လင့်ချက်", "လျှော့"],
  ["Thai", "น้ำ", "ที่นี่", "กตัญญู"],
  ["Vietnamese", "Nguyễn", "Nguyễn".normalize("NFD"), "Trường".normalize("NFD")],
  ["Hebrew with points", "בְּרֵאשִׁ֖ית", "יְרוּשָׁלַ֔͏ִם".replaceAll("\u034f", "")],
  ["Arabic with vowels", "مُحَمَّدٌ", "ٱللَّٰهِ"],
  ["Devanagari", "श्री", "क्षत्रियों", "स्त्र्यैं"],
  ["Tibetan", "བསྒྲུབས", "རྒྱལ", "ཧཱུྃ"],
])("a new name can have words of %s", (_, ...words) => {
  for (const word of words) {
    expect(NewName.safeParse(word).success, word).toBe(true);
    expect(NewRoomName.safeParse(word).success, word).toBe(true);
  }
});

test("a name with a character that cannot be seen is refused: alone, at an end and between letters", () => {
  const hidden = [
    ...[0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0x2064, 0x2800],
    // Format characters that some fonts show and others do not, and characters that Unicode never assigns.
    ...[0x600, 0x6dd, 0x70f, 0x8e2, 0x110bd, 0x13430, 0x1343f, 0xfdd0, 0x1fffe, 0x10ffff],
    ...[0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xe000, 0xe0001, 0xe0041, 0xe0100, 0x1d159, 0x1d173],
  ];
  for (const codePoint of hidden) {
    const character = String.fromCodePoint(codePoint);
    for (const name of [character, `Ada${character}`, `${character}Ada`, `A${character}da`, `👍${character}`]) {
      expect(refuses(name), `${named(codePoint)} in ${JSON.stringify(name)}`).toBe(true);
    }
  }
});

test("a name with a character that turns the text around is refused", () => {
  for (const codePoint of [0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069]) {
    expect(refuses(`Ada${String.fromCodePoint(codePoint)}ada`), named(codePoint)).toBe(true);
  }
});

test("a name needs more than combining marks", () => {
  for (const name of ["\u0301", "\u0301\u0302"]) expect(refuses(name), JSON.stringify(name)).toBe(true);
});

test("a name with a pile of marks, or with a mark that stands on what is before the name, is refused", () => {
  const zalgo = [
    "Z\u0351\u036b\u0343\u036a\u0302\u036bA",
    "A\u0489\u0489\u0489\u0489\u0489",
    "က\u103d\u103e\u1039\u1037\u103a",
  ];
  const piles = [`A${"\u0301".repeat(5)}da`, "Ada\u0301\u0316\u0334\u0301\u0316", ...zalgo];
  for (const name of [...piles, "\u0301Ada", " \u0338Ada"]) {
    expect(refuses(name), JSON.stringify(name)).toBe(true);
  }
});

test("spaces of a new name are single plain ones, since others look the same", () => {
  for (const name of ["Ada  B", "Ada\u00a0B", "Ada\u3000B", "Ada \u2003 B"]) {
    expect([NewName.parse(name), NewRoomName.parse(name)], JSON.stringify(name)).toEqual(["Ada B", "Ada B"]);
  }
});

test("the check of a long text takes linear time", () => {
  /** The shortest time of several attempts: a busy machine makes some of them long. */
  const timeOf = (count: number): number => {
    const texts = ["🇦", "👩‍", "\u200d", "क्‍", "a\u200b"].map((piece) => piece.repeat(count));
    const milliseconds = Array.from({ length: 5 }, () => {
      const begun = Date.now();
      for (const text of texts) NewName.safeParse(text);
      return Date.now() - begun;
    });
    return Math.max(1, Math.min(...milliseconds));
  };
  // Ten times as long a text takes ten times as long; in quadratic time it would be a hundred times.
  expect(timeOf(10_000)).toBeLessThan(40 * timeOf(1_000));
});

test("a stored name may have them: a room with an older name can still be read", () => {
  expect(Name.safeParse("Ada\u200b").success).toBe(true);
});

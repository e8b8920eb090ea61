import { expect, test } from "vitest";
import { toComparableName } from "./comparable-name.ts";

test.for<[what: string, names: readonly string[]]>([
  ["upper and lower case", ["ada", "Ada", "ADA"]],
  ["full and half width", ["Ada", "Ａｄａ", "ａＤＡ"]],
  ["forms of one letter", ["Straße", "STRASSE", "Ｓtraſſe"]],
  ["both forms of sigma", ["Σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ"]],
  ["joiners between letters", ["سارا", "سا\u200cرا", "سا\u200dرا"]],
  ["joiners after a vowel", ["राम", "रा\u200cम", "रा\u200dम"]],
  ["a joiner before a combining mark", ["Zoë", "Zoe\u0308", "Zoe\u200d\u0308"]],
  ["a character that cannot be seen", ["Ada", "A\u00adda", "Ada\u200b", "A\u3164da", "A\u2800da"]],
  ["the kind and number of spaces", ["Ada B", "Ada  B", "Ada\u00a0B", "Ada\u3000B", "Ada\u1680 B", "Ada \u200b B"]],
  ["Cyrillic letters that look like Latin ones", ["Tea", "te\u0430", "\u0422\u0435\u0430", "t\u0435a"]],
  ["Greek letters that look like Latin ones", ["TEA", "\u03a4\u0395\u0391", "te\u03b1"]],
  ["letters with accents that look like Latin ones", ["Zo\u00eb", "Z\u043e\u0451", "\u0396\u03bfe\u0308"]],
  ["small capitals", ["Tea", "\u1d1b\u1d07\u1d00", "te\u0251"]],
  ["the kind of hyphen", ["Ada-Bo", "Ada\u2010Bo", "Ada\u2011Bo", "Ada\u2013Bo", "Ada\u2212Bo"]],
  ["the kind of apostrophe", ["O'Neil", "O\u2019Neil", "O\u02bcNeil", "O\u2018neil"]],
  ["the two looks of a sign", ["Bo ❤", "Bo ❤️", "Bo ❤\ufe0e"]],
])("names that differ only in %s are the same", ([, names]) => {
  expect(new Set(names.map(toComparableName)).size, JSON.stringify(names)).toBe(1);
});

test("names that look different stay different", () => {
  const names = [
    "Ada",
    "Adá",
    "Ada B",
    "AdaB",
    "bo",
    "محمد",
    "سارا",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "👩‍🚀",
    "👨‍🚀",
    "Анна",
    "Нина",
    "Иван",
    "Μαρία",
    "Νίκος",
  ];
  expect(new Set(names.map(toComparableName)).size).toBe(names.length);
});

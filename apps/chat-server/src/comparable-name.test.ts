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
  ["the two looks of a sign", ["Bo ❤", "Bo ❤️", "Bo ❤\ufe0e"]],
])("names that differ only in %s are the same", ([, names]) => {
  expect(new Set(names.map(toComparableName)).size, JSON.stringify(names)).toBe(1);
});

test("names that look different stay different", () => {
  const names = ["Ada", "Adá", "Ada B", "AdaB", "bo", "محمد", "سارا", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "👩‍🚀", "👨‍🚀"];
  expect(new Set(names.map(toComparableName)).size).toBe(names.length);
});

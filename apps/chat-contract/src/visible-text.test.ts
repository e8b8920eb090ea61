import { expect, test } from "vitest";
import { NewText, NewTopic } from "./visible-text.ts";
import { Text, Topic } from "./words.ts";

const INVISIBLE = ["\u200b", "\u3164\u2800", "\u200d \u2060", "\ufe0f", "\u0301", "\u00ad\u034f", "\ue000", "\u0000"];
const TURNING = [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069];

test("a new text or topic needs something that can be seen; only a topic may be empty", () => {
  for (const text of INVISIBLE) {
    expect(NewText.safeParse(text).success, JSON.stringify(text)).toBe(false);
    expect(NewTopic.safeParse(text).success, JSON.stringify(text)).toBe(false);
  }
  expect([NewText.safeParse("").success, NewTopic.safeParse("").success]).toEqual([false, true]);
});

test("a new text or topic has no character that turns the text around it", () => {
  for (const codePoint of TURNING) {
    const text = `txt${String.fromCodePoint(codePoint)}gpj`;
    expect(NewText.safeParse(text).success, JSON.stringify(text)).toBe(false);
    expect(NewTopic.safeParse(text).success, JSON.stringify(text)).toBe(false);
  }
});

test("characters that cannot be seen may be between others: texts are pasted from everywhere", () => {
  for (const text of [
    "hi\u200b",
    "co\u00adop",
    "☺\ufe0e",
    "👩\u200d🚀",
    "می\u200cخواهم",
    "שלום\u200f!",
    ".",
    "❤️",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
  ]) {
    expect(NewText.parse(text)).toBe(text);
    expect(NewTopic.parse(text)).toBe(text);
  }
  expect(NewText.parse("a\u0000b\n\u2028")).toBe("a\u0000b\n\u2028");
});

test("a stored text keeps the older rules, so that a room with such a text can still be read", () => {
  for (const text of ["\u200b", "\u202etxt"]) {
    expect([Text.safeParse(text).success, Topic.safeParse(text).success]).toEqual([true, true]);
  }
});

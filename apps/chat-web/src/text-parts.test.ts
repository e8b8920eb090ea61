import { expect, test } from "vitest";
import { isEmojiOnly, partsOf } from "./text-parts.ts";

const linksIn = (text: string) => partsOf(text).flatMap(({ href }) => href ?? []);
const namesIn = (text: string, names: string[]) => partsOf(text, names).flatMap(({ mention }) => mention ?? []);

test("only http and https become links, without the end of the sentence", () => {
  expect(linksIn("see https://example.com/a_(b), or (http://example.org/?q=1#x).")).toEqual([
    "https://example.com/a_(b)",
    "http://example.org/?q=1#x",
  ]);
  for (const text of [
    "javascript:alert(1)",
    "data:text/html,<script>",
    "ftp://a.b",
    "//example.com",
    "https://",
    "xhttps://example.com",
    "https://[",
  ]) {
    expect(linksIn(text), text).toEqual([]);
  }
});

test("a link ends at a character that could begin markup", () => {
  expect(linksIn('https://example.com/"onclick="alert(1)<b>')).toEqual(["https://example.com/"]);
});

test("a name is marked if it is a whole word, in upper or lower case, and the longest name wins", () => {
  const names = ["Ada", "Ada Lovelace", "李小龍"];
  expect(namesIn("@ada lovelace, @ADA! and @李小龍", names)).toEqual(["Ada Lovelace", "Ada", "李小龍"]);
  expect(namesIn("mail@ada @adam @bo https://example.com/@ada", names)).toEqual([]);
});

test("the parts joined together are the text again", () => {
  for (const text of ["", "@", "@@ada", "a @ada https://example.com/@ada) b\n", "<b>@ada</b>"]) {
    expect(
      partsOf(text, ["ada"])
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
  }
});

test("a text of only a few emoji is large", () => {
  for (const text of ["🎉", "👩‍🚀 👍🏽", "🇦🇹", "❤️", "1️⃣"]) expect(isEmojiOnly(text), text).toBe(true);
  for (const text of ["", "hi 🎉", "12", "©", "🎉".repeat(7), " "]) expect(isEmojiOnly(text), text).toBe(false);
});

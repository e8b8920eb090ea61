import { expect, test } from "vitest";
import { isEmojiOnly, partsOf } from "./text-parts.ts";

const linksIn = (text: string) => partsOf(text).flatMap(({ href }) => href ?? []);
const namesIn = (text: string, names: string[]) => partsOf(text, names).flatMap(({ mention }) => mention ?? []);

test("only http and https become links, without what ends the sentence", () => {
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

test("a link ends where markup would begin", () => {
  expect(linksIn('https://example.com/"onclick="alert(1)<b>')).toEqual(["https://example.com/"]);
});

test("a name is marked where it stands alone, in any case, the longest first", () => {
  const names = ["Ada", "Ada Lovelace", "李小龍"];
  expect(namesIn("@ada lovelace, @ADA! and @李小龍", names)).toEqual(["Ada Lovelace", "Ada", "李小龍"]);
  expect(namesIn("mail@ada @adam @bo https://example.com/@ada", names)).toEqual([]);
});

test("joined again, the parts are the text", () => {
  for (const text of ["", "@", "@@ada", "a @ada https://example.com/@ada) b\n", "<b>@ada</b>"]) {
    expect(
      partsOf(text, ["ada"])
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
  }
});

test("a few emoji alone are large", () => {
  for (const text of ["🎉", "👩‍🚀 👍🏽", "🇦🇹", "❤️", "1️⃣"]) expect(isEmojiOnly(text), text).toBe(true);
  for (const text of ["", "hi 🎉", "12", "©", "🎉".repeat(7), " "]) expect(isEmojiOnly(text), text).toBe(false);
});

import { expect, test } from "vitest";
import { completeName, insertName } from "./name-completion.ts";

const names = ["bo", "Ada Lovelace", "adam", "Linda"];
const offered = (text: string, caret = text.length) => completeName(text, caret, names)?.names ?? [];

test("an @ offers everybody, and the text after it filters the names, also with a space", () => {
  expect(offered("hi @")).toEqual(["Ada Lovelace", "adam", "bo", "Linda"]);
  expect(offered("@DA")).toEqual(["Ada Lovelace", "adam", "Linda"]);
  expect(offered("@ad")).toEqual(["Ada Lovelace", "adam"]);
  expect(offered("@ada l")).toEqual(["Ada Lovelace"]);
});

test("nothing is offered in an email address, after a line break, or if no name fits", () => {
  for (const text of ["mail@ad", "@ad\n", "@ ", "@zz", "no sign", ""]) {
    expect(offered(text), text).toEqual([]);
  }
});

test("the chosen name replaces the text after the @, and the caret is after the name", () => {
  const text = "hi @ad, how are you?";
  const query = completeName(text, 6, names);
  expect(query && insertName(text, query, "adam")).toEqual({ text: "hi @adam , how are you?", caret: 9 });
});

import { expect, test } from "vitest";
import { chat } from "./chat.ts";
import { MAX_NAME, MAX_TEXT, Name, Text } from "./words.ts";

test("a name is one line without spaces around it", () => {
  for (const name of ["a", "Ada Lovelace", "李小龍", "👩‍🚀", "<b>", "x".repeat(MAX_NAME)])
    expect(Name.safeParse(name).success, name).toBe(true);
  for (const name of ["", " ", " a", "a ", "a\nb", "a\u0000", "a\u2028b", "x".repeat(MAX_NAME + 1)]) {
    expect(Name.safeParse(name).success, JSON.stringify(name)).toBe(false);
  }
});

test("a text is more than white space, and bounded", () => {
  for (const text of ["a", "  a\n", "😀", "x".repeat(MAX_TEXT)]) expect(Text.safeParse(text).success).toBe(true);
  for (const text of ["", " \n\t\u00a0", "x".repeat(MAX_TEXT + 1)]) expect(Text.safeParse(text).success).toBe(false);
});

test("the lobby's address is what a script asks for", () => {
  expect(chat.room({ roomId: "lobby" }).path).toBe("rooms/lobby");
});

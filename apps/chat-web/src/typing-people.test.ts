import { expect, test } from "vitest";
import { describeTyping, TYPING_AGE, TypingPeople } from "./typing-people.ts";

test("a hint fades, and another one keeps it up", () => {
  const people = new TypingPeople();
  people.add("ada", 0);
  people.add("bo", 1_000);
  expect(people.at(TYPING_AGE - 1)).toEqual(["ada", "bo"]);
  expect(people.at(TYPING_AGE)).toEqual(["bo"]);
  people.add("bo", TYPING_AGE);
  expect(people.at(2 * TYPING_AGE - 1)).toEqual(["bo"]);
});

test("whoever has sent the message is not typing any more", () => {
  const people = new TypingPeople();
  people.add("ada", 0);
  people.remove("ada");
  expect(people.at(1)).toEqual([]);
});

test("names are told as long as there are few", () => {
  expect(describeTyping([])).toBe("");
  expect(describeTyping(["ada"])).toBe("ada is typing…");
  expect(describeTyping(["ada", "bo"])).toBe("ada and bo are typing…");
  expect(describeTyping(["ada", "bo", "cy"])).toBe("Several people are typing…");
});

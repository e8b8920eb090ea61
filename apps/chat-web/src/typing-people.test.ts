import { expect, test } from "vitest";
import { describeTyping, HINT_TIME, TypingPeople } from "./typing-people.ts";

test("a hint ends after a while, and another hint extends it", () => {
  const people = new TypingPeople();
  people.add("ada", 0);
  people.add("bo", 1_000);
  expect(people.at(HINT_TIME - 1)).toEqual(["ada", "bo"]);
  expect(people.at(HINT_TIME)).toEqual(["bo"]);
  people.add("bo", HINT_TIME);
  expect(people.at(2 * HINT_TIME - 1)).toEqual(["bo"]);
});

test("somebody who has sent the message is not typing any more", () => {
  const people = new TypingPeople();
  people.add("ada", 0);
  people.remove("ada");
  expect(people.at(1)).toEqual([]);
});

test("the text names one or two people, but not more", () => {
  expect(describeTyping([])).toBe("");
  expect(describeTyping(["ada"])).toBe("ada is typing…");
  expect(describeTyping(["ada", "bo"])).toBe("ada and bo are typing…");
  expect(describeTyping(["ada", "bo", "cy"])).toBe("Several people are typing…");
});

import { chat } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { PresentPeople } from "./present-people.ts";

test("somebody with values of two servers is one person, and offline when both values are removed", () => {
  const people = new PresentPeople();
  for (const server of ["s1", "s2"]) people.add({ name: "ada", server });
  people.add({ name: "bo", server: "s1" });
  expect(people.list()).toEqual(["ada", "bo"]);
  people.remove("s1/ada");
  expect(people.list()).toEqual(["ada", "bo"]);
  people.remove("s2/ada");
  expect(people.list()).toEqual(["bo"]);
});

test("a value is removed by the key that the contract gives it", () => {
  const people = new PresentPeople();
  const value = { name: "a/b", server: "s" };
  people.add(value);
  people.remove(chat.presence.events.online.key?.(value) ?? "no key");
  expect(people.list()).toEqual([]);
});

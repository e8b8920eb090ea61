import { chat } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { PresentPeople } from "./present-people.ts";

test("somebody on two servers is one person, and gone when both say so", () => {
  const people = new PresentPeople();
  for (const server of ["s1", "s2"]) people.add({ name: "ada", server });
  people.add({ name: "bo", server: "s1" });
  expect(people.list()).toEqual(["ada", "bo"]);
  people.remove("s1/ada");
  expect(people.list()).toEqual(["ada", "bo"]);
  people.remove("s2/ada");
  expect(people.list()).toEqual(["bo"]);
});

test("people are kept by the key of the contract", () => {
  const people = new PresentPeople();
  const value = { name: "a/b", server: "s" };
  people.add(value);
  people.remove(chat.presence.events.online.key?.(value) ?? "no key");
  expect(people.list()).toEqual([]);
});

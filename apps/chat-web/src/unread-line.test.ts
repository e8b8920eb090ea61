import { expect, test } from "vitest";
import { UnreadLine } from "./unread-line.ts";

test("the line is after the last message that was read, and stays there while the person reads on", () => {
  const line = new UnreadLine();
  line.enterRoom(4, 9);
  expect(line.after).toBe(4);
  line.enterRoom(9, 9);
  expect(line.after).toBeNull();
});

test("messages that come while nobody looks get the line once", () => {
  const line = new UnreadLine();
  line.enterRoom(9, 9);
  line.moveTo(9);
  line.moveTo(9);
  expect(line.after).toBe(9);
  // The person read all of it, and then looked away again.
  line.moveTo(12);
  expect(line.after).toBe(12);
  line.clear();
  expect(line.after).toBeNull();
});

test("there is no line for a person who has read nothing yet", () => {
  const line = new UnreadLine();
  line.enterRoom(0, 200);
  expect(line.after).toBeNull();
});

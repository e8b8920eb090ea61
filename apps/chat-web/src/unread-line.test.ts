import { expect, test } from "vitest";
import { UnreadLine } from "./unread-line.ts";

test("the line stands where one stopped reading, and stays while one reads on", () => {
  const line = new UnreadLine();
  line.begin(4, 9);
  expect(line.after).toBe(4);
  line.begin(9, 9);
  expect(line.after).toBeNull();
});

test("what comes while nobody looks gets the line, once", () => {
  const line = new UnreadLine();
  line.begin(9, 9);
  line.arrive(9);
  line.arrive(9);
  expect(line.after).toBe(9);
  // All of it was read; then somebody looked away again.
  line.arrive(12);
  expect(line.after).toBe(12);
  line.clear();
  expect(line.after).toBeNull();
});

test("to whom everything is new, there is no line", () => {
  const line = new UnreadLine();
  line.begin(0, 200);
  expect(line.after).toBeNull();
});

import { expect, test } from "vitest";
import { ownMember } from "./own-member.ts";

test("a member is found, and nothing with a name that every object has", () => {
  expect(ownMember({ story: 1 }, "story")).toBe(1);
  expect(ownMember({ story: 1 }, "toString")).toBe(undefined);
});

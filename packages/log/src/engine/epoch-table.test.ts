import { expect, test } from "vitest";
import { EpochTable } from "./epoch-table.ts";

const table = new EpochTable([
  { epoch: "a", first: 1, end: 5 },
  { epoch: "empty", first: 4, end: 3 },
  { epoch: "b", first: 4 },
]);

test("law 4: a position is valid up to the end of its epoch, or up to the head", () => {
  const validOf = (epoch: string) => [0, 3, 4, 5, 6, 7].map((seq) => table.invalidity({ epoch, seq }, 6));
  expect(validOf("a")).toEqual([null, null, null, null, "lost", "lost"]);
  expect(validOf("empty")).toEqual([null, null, "lost", "lost", "lost", "lost"]);
  expect(validOf("b")).toEqual([null, null, null, null, null, "lost"]);
  expect(validOf("other")).toEqual(Array.from({ length: 6 }, () => "reset"));
  // A head that went back: the suffix of the first epoch is lost, too.
  expect(table.invalidity({ epoch: "a", seq: 5 }, 4)).toBe("lost");
});

test("an entry is of the epoch that had begun there last, the head of the one that runs", () => {
  expect([0, 1, 3, 4, 9].map((seq) => table.cursorAt(seq).epoch)).toEqual(["a", "a", "a", "b", "b"]);
  expect(table.headAt(3)).toEqual({ epoch: "b", seq: 3 });
  expect(new EpochTable([]).headAt(0)).toEqual({ epoch: "", seq: 0 });
});

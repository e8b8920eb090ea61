import { expect, test } from "vitest";
import { entryAt, fillPage, refusedPage } from "./page.ts";

const head = { epoch: "e", seq: 9 };

/** The page of rows whose data are these. A row with the data "-" is not owed. */
function pageOf(data: readonly string[], limit: { entries: number; bytes: number }) {
  const rows = data.map((text, index) => ({ seq: index + 1, data: text }));
  const page = fillPage({
    nextRow: () => rows.shift() ?? null,
    limit,
    isOwed: (row) => row.data !== "-",
    toEntry: ({ seq, data: text }) =>
      entryAt({ epoch: "e", seq }, { channel: "a", type: "t", mode: "reliable", at: 0, data: text }),
    cursorAt: (seq) => ({ epoch: "e", seq }),
    head,
    holes: [],
  });
  return { data: page.entries.map((entry) => entry.data), next: page.next.seq, more: page.more };
}

test("a page ends where the limit of scanned entries or of bytes is reached, and says where", () => {
  const wide = { entries: 100, bytes: 100 };
  expect(pageOf([], wide)).toEqual({ data: [], next: 9, more: false });
  expect(pageOf(["1", "-", "2"], wide)).toEqual({ data: ["1", "2"], next: 9, more: false });
  expect(pageOf(["1", "-", "2"], { entries: 2, bytes: 100 })).toEqual({ data: ["1"], next: 2, more: true });
  expect(pageOf(["1", "-", "語", "2"], { entries: 100, bytes: 4 })).toEqual({ data: ["1", "語"], next: 3, more: true });
  expect(pageOf(["1", "-", "語", "2"], { entries: 100, bytes: 3 })).toEqual({ data: ["1"], next: 2, more: true });
});

test("it has one entry even if that entry alone is too large, and passes what is not owed even without room", () => {
  expect(pageOf(["1234", "5"], { entries: 0, bytes: 0 })).toEqual({ data: ["1234"], next: 1, more: true });
  expect(pageOf(["-", "-", "1"], { entries: 2, bytes: 0 })).toEqual({ data: [], next: 2, more: true });
});

test("the answer to an invalid position names each channel once", () => {
  expect(refusedPage(head, "lost", ["a", "b", "a"])).toEqual({
    entries: [],
    next: head,
    more: false,
    holes: ["a", "b"].map((channel) => ({ channel, reason: "lost", to: 9 })),
  });
});

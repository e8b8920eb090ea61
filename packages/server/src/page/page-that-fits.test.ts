import type { Entry, Page } from "@tidings/log";
import { expect, test } from "vitest";
import { pageThatFits } from "./page-that-fits.ts";

const epoch = "e";
const entry = (channel: string, seq: number): Entry => ({
  ...{ channel, seq, epoch, type: "message", mode: "reliable", at: 0 },
  data: '"x"',
});
const entries = [entry("a", 2), entry("b", 3), entry("a", 5)];
// An event before the first of these, and one after the second, are gone.
const holes: Page["holes"] = [{ channel: "a", reason: "trimmed", to: 4 }];
const page: Page = { entries, holes, next: { epoch, seq: 5 }, more: false };

test("a page that is cut says of each entry what was lost before it", () => {
  expect(pageThatFits(page, 1)).toEqual({ entries: entries.slice(0, 1), holes, next: { epoch, seq: 2 }, more: true });
});

test("a page that fits is the page", () => {
  expect(pageThatFits(page, 10_000)).toBe(page);
});

import { expect, test } from "vitest";
import { completeKeep } from "./keep.ts";
import { memoryLog } from "./memory-log.ts";

const defaults = { entries: 1_000, age: 86_400_000, bytes: 1_024, emptyChannels: 100 };

test("bounds that are not given, or undefined, are the defaults; Infinity is no bound", () => {
  expect(completeKeep(undefined, defaults)).toEqual(defaults);
  const given = { entries: 0, age: Infinity, bytes: undefined } as object;
  expect(completeKeep(given, defaults)).toEqual({ ...defaults, entries: 0, age: Infinity });
});

test.each([
  [{ entires: 5 }, 'Expected one of entries, age, bytes, emptyChannels in keep, got "entires".'],
  [{ entries: Number.NaN }, 'Expected "keep.entries" to be a number from 0 on, got NaN.'],
  [{ entries: -1 }, 'Expected "keep.entries" to be a number from 0 on, got -1.'],
  [{ age: "5" }, 'Expected "keep.age" to be a number from 0 on, got "5".'],
  [{ bytes: null }, 'Expected "keep.bytes" to be a number from 0 on, got null.'],
  [{ bytes: () => 5 }, 'Expected "keep.bytes" to be a number from 0 on, got function.'],
])("%j is refused when the log is opened", (keep, message) => {
  expect(() => memoryLog({ keep: keep as object })).toThrow(message);
});

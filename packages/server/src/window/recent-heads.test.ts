import { expect, test } from "vitest";
import { createRecentHeads } from "./recent-heads.ts";

test("says where the log stood some time ago, and forgets what is older than a minute", () => {
  let time = 0;
  const heads = createRecentHeads({ monotonic: () => time });
  const head = (seq: number) => ({ epoch: "e", seq });
  expect(heads.since(60_000)).toBeNull();
  for (; time <= 300_000; time += 50) heads.note(head(time));
  time = 300_010;
  expect(heads.since(0)).toBeNull();
  expect(heads.since(10)).toEqual(head(300_000));
  expect(heads.since(2_000)).toEqual(head(298_100));
  expect(heads.since(100_000)).toEqual(head(240_000));
});

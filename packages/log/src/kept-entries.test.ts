import { expect, test } from "vitest";
import type { Entry } from "./event-log.ts";
import { KeptEntries } from "./kept-entries.ts";

test("ten thousand ended channels leave neither entries nor marks, and an empty one keeps its mark", () => {
  const keep = { entries: 10, age: 1_000, bytes: 1e9, emptyChannels: 1 };
  const kept = new KeptEntries(keep, 0, { noteDrop: () => {} });
  let seq = 0;
  const add = (entry: Pick<Entry, "channel" | "type" | "mode">) =>
    kept.add({ epoch: "e", seq: ++seq, at: 0, data: "1", ...entry }, undefined, 0);
  add({ channel: "empty", type: "message", mode: "reliable" });
  for (let job = 0; job < 10_000; job++) {
    const channel = `jobs/${job}`;
    add({ channel, type: "line", mode: "reliable" });
    add({ channel, type: "done", mode: "latest" });
    add({ channel, type: "end", mode: "reliable" });
  }
  kept.trim(1_000);
  expect([kept.size, kept.bytes, [...kept.trimmed.marks.keys()]]).toEqual([0, 0, ["empty"]]);
  expect(kept.trimmed.holes(0, ["empty"])).toEqual([{ channel: "empty", reason: "trimmed", to: 1 }]);
});

import type { EventLog } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { expect } from "vitest";
import { reliable } from "./entries.ts";
import { timeUntilDone } from "./timing.ts";

/** A log whose storage has failed over to a copy that lacks acknowledged entries of the channel "a". */
export interface FailedOver {
  /** The position of a reader that has seen nothing of what was lost. */
  readonly laggard: Cursor;
  /** The position of a reader that has seen everything. */
  readonly reader: Cursor;
}

const PAGE = { entries: 1_000, bytes: 1e6 };

/** Only the readers of what is lost hear of it, and a trim is enough to begin the epoch. */
export async function expectTold(log: EventLog, { laggard, reader }: FailedOver): Promise<void> {
  // An idle reader of the suffix is told before anything is published.
  await timeUntilDone(() => log.trim());
  const { epoch, seq } = await log.head();
  expect(epoch).not.toBe(reader.epoch);
  expect(seq).toBe(laggard.seq);
  expect((await log.read(reader, ["a"], PAGE)).holes).toEqual([{ channel: "a", reason: "lost", to: seq }]);
  const appended = await log.append(Array.from({ length: 10 }, (_, n) => reliable("a", `"new ${n}"`)));
  expect((await log.read(reader, ["a"], PAGE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
  // The laggard has lost nothing, and the cursors of what it gets are those of the acknowledgements.
  const page = await log.read(laggard, ["a"], PAGE);
  expect(page.holes).toEqual([]);
  const cursors = page.entries.map((entry) => ({ epoch: entry.epoch, seq: entry.seq }));
  expect(cursors).toEqual(appended.map(({ cursor }) => cursor));
}

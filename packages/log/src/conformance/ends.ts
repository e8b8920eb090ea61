import { expect } from "vitest";
import type { Cursor } from "@tidings/protocol";
import type { EventLog, NewEntry } from "../event-log.ts";
import type { Law } from "./law.ts";
import { HOUR, ManualClock, MINUTE } from "./manual-clock.ts";
import { latest, numbered, publish, reliable, volatile } from "./publishing.ts";
import { currentToEnd, dataOf, readToEnd, startOf, WIDE } from "./reading.ts";

/** The last entry of a channel. */
function end(channel: string, data = '"end"', overrides: Partial<NewEntry> = {}): NewEntry {
  return reliable(channel, data, { type: "end", ...overrides });
}

/** Expects that a batch is refused because of an end that stands at `cursor`, and that nothing of it is appended. */
async function expectEnded(log: EventLog, batch: readonly NewEntry[], cursor: Cursor | null): Promise<void> {
  const head = await log.head();
  await expect(log.append(batch)).rejects.toMatchObject({ name: "EndedError", cursor });
  expect(await log.head()).toEqual(head);
}

/** Appends one entry and returns its position. */
async function place(log: EventLog, entry: NewEntry): Promise<Cursor> {
  const [cursor] = await publish(log, entry);
  if (cursor === undefined) throw new Error("expected a position");
  return cursor;
}

/** The channels and ends of the holes after a position. */
async function holesOf(log: EventLog, after: Cursor, ...channels: string[]): Promise<[string, number][]> {
  const { holes } = await log.read(after, channels, WIDE);
  return holes.map(({ channel, to }) => [channel, to]);
}

export const endLaws: readonly Law[] = [
  {
    law: "ends",
    title: "an end is the last entry of its channel: entries of every mode are refused, and the error says where it is",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, reliable("a", "1"), latest("a", "x", "2"));
      const cursor = await place(log, end("a", "3"));
      for (const entry of [reliable("a"), latest("a", "x", "4"), latest("a", "x", null), volatile("a"), end("a")]) {
        await expectEnded(log, [entry], cursor);
      }
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1", "2", "3"]);
    },
  },
  {
    law: "ends",
    title: "only a reliable entry with the type end is one, and only its own channel ends",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, { ...latest("a", "x", "1"), type: "end" }, { ...volatile("a"), type: "end" });
      await publish(log, reliable("a", "2", { type: "ends" }), end("a/b", "3"), reliable("a", "4"));
      expect(dataOf(await log.recent(["a", "a/b"], 10))).toEqual(["2", "3", "4"]);
    },
  },
  {
    law: "ends",
    title: "nothing of a batch is appended that has an entry after an end, before or in the batch",
    async run({ open }) {
      const { log } = await open({});
      const cursor = await place(log, end("a"));
      await expectEnded(log, [reliable("b"), reliable("a")], cursor);
      await expectEnded(log, [end("b"), reliable("c"), reliable("b")], null);
      await expectEnded(log, [end("b"), end("b")], null);
      // A key is one of its channel.
      const keyed = (channel: string) => reliable(channel, "1", { idempotencyKey: "k" });
      await expectEnded(log, [keyed("c"), end("b"), keyed("b")], null);
      await log.append([reliable("b", "1"), end("b", "2"), reliable("c", "3")]);
      expect(dataOf(await readToEnd(log, await startOf(log), ["b", "c"]))).toEqual(["1", "2", "3"]);
    },
  },
  {
    law: "ends",
    title: "an entry that was appended before is not refused: by its key it gets its first position",
    async run({ open }) {
      const { log } = await open({});
      const keyed = reliable("a", "1", { idempotencyKey: "message" });
      const ending = end("a", "2", { idempotencyKey: "end" });
      const first = await place(log, keyed);
      const [last, again] = await log.append([ending, ending, keyed]);
      expect([last?.duplicate, again]).toEqual([false, { ...last, duplicate: true }]);
      expect(await log.append([keyed, ending])).toEqual([
        { cursor: first, duplicate: true },
        { ...last, duplicate: true },
      ]);
      await expectEnded(log, [end("a", "2", { idempotencyKey: "other" })], last?.cursor ?? null);
    },
  },
  {
    law: "ends",
    title: "of two handles that end a channel at the same time, one does",
    async run({ open }) {
      const { log, another } = await open({});
      const other = await another();
      const outcomes = await Promise.allSettled([log, other, log, other].map((each) => each.append([end("a")])));
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual([
        "fulfilled",
        ...Array<string>(3).fill("rejected"),
      ]);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ name: "EndedError" });
      }
      expect(dataOf(await log.recent(["a"], 10))).toHaveLength(1);
    },
  },
  {
    law: "ends",
    title: "a refused batch does not make others fail that are appended in the same turn",
    async run({ open }) {
      const { log } = await open({});
      await place(log, end("a"));
      const outcomes = await Promise.allSettled(
        [reliable("b", "1"), reliable("a"), reliable("b", "2")].map((entry) => log.append([entry])),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a", "b"]))).toEqual(['"end"', "1", "2"]);
    },
  },
  {
    law: "ends",
    title: "an end survives a restart",
    only: { survivesReopen: true },
    async run({ open }) {
      const { log, reopen } = await open({});
      await place(log, end("a", "1"));
      await log.close();
      const again = await reopen();
      await expect(again.append([reliable("a")])).rejects.toMatchObject({ name: "EndedError" });
      expect(dataOf(await currentToEnd(again, ["a"]))).toEqual(["1"]);
    },
  },
  {
    law: "ends",
    title: "current() returns the ends of the channels among their values, in the order of seq, on pages of any size",
    async run({ open }) {
      const { log } = await open({});
      await publish(
        log,
        reliable("a", "1"),
        latest("a", "x", "2"),
        latest("b", "x", "3"),
        end("a", "4"),
        end("c", "5"),
      );
      await publish(log, latest("b", "y", "6"), reliable("b", "7"));
      for (const entries of [1, 2, 10]) {
        const read = await currentToEnd(log, ["c", "b", "a"], { entries, bytes: WIDE.bytes });
        expect(dataOf(read)).toEqual(["2", "3", "4", "5", "6"]);
      }
      expect(await log.current(["a"], null, WIDE)).toMatchObject({
        entries: [{ data: "2" }, { channel: "a", type: "end", mode: "reliable", data: "4" }],
        next: await log.head(),
        more: false,
      });
    },
  },
  {
    law: "ends",
    title: "the newest entries that are kept include the end, and a reader from before a trimmed one has a hole",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 2 } });
      const [, lost] = await publish(log, ...numbered("a", 3));
      await place(log, end("a", "4"));
      await log.trim();
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(dataOf(page)).toEqual(["3", "4"]);
      expect(page.holes).toEqual([{ channel: "a", reason: "trimmed", to: lost?.seq }]);
    },
  },
  {
    law: "ends",
    title: "a value of an ended channel that expires is gone without a withdrawal, and without a hole",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await publish(log, latest("a", "x", "1", { expires: MINUTE }), latest("a", "y", "2"), end("a", "3"));
      clock.move(MINUTE);
      await log.trim();
      const start = await startOf(log);
      expect(dataOf(await readToEnd(log, start, ["a"]))).toEqual(["2", "3"]);
      expect(await holesOf(log, start, "a")).toEqual([]);
      expect((await log.stat()).entries).toBe(2);
    },
  },
  {
    law: "ends",
    title: "with its end, everything of a channel is forgotten: its values, too. Then it can be used again",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR }, now: clock.now });
      const empty = await log.stat();
      await publish(log, reliable("a", "1"), latest("a", "x", "2"), latest("a", "y", "3"), latest("a", "y", null));
      await place(log, end("a", "4"));
      clock.move(HOUR - 1);
      await log.trim();
      await expect(log.append([reliable("a")])).rejects.toMatchObject({ name: "EndedError" });
      clock.move(1);
      await log.trim();
      const { head, entries, bytes } = await log.stat();
      expect({ entries, bytes }).toEqual({ entries: empty.entries, bytes: empty.bytes });
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual([]);
      await publish(log, latest("a", "x", "5"), reliable("a", "6"));
      expect(dataOf(await readToEnd(log, head, ["a"]))).toEqual(["5", "6"]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["5"]);
    },
  },
  {
    law: "ends",
    title: "an end and all values of its channel go in one step: no reader sees one without the other",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log, another } = await open({ keep: { age: HOUR }, now: clock.now });
      const reader = await another();
      // More than an engine drops in one step of its retention.
      const values = Array.from({ length: 500 }, (_, index) => latest("a", `${index}`, `${index}`));
      await log.append([...values, end("a")]);
      clock.move(HOUR);
      let isTrimming = true;
      const trimming = log.trim().finally(() => {
        isTrimming = false;
      });
      const counts: number[] = [];
      while (isTrimming) {
        counts.push((await reader.current(["a"], null, WIDE)).entries.length);
        // A log that answers at once would leave no turn to retention.
        await new Promise((resolve) => setTimeout(resolve));
      }
      await trimming;
      counts.push((await reader.current(["a"], null, WIDE)).entries.length);
      expect(counts.filter((count) => count !== 501 && count !== 0)).toEqual([]);
      expect(counts.at(-1)).toBe(0);
    },
  },
  {
    law: "ends",
    title: "a reader from before a forgotten end has a hole, a reader from after it has none",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR }, now: clock.now });
      const start = await startOf(log);
      const [, before] = await publish(log, reliable("b"), reliable("a"));
      const cursor = await place(log, end("a"));
      clock.move(HOUR);
      await publish(log, reliable("c"));
      await log.trim();
      if (before === undefined) throw new Error("expected two positions");
      for (const after of [start, before]) expect(await holesOf(log, after, "a")).toEqual([["a", cursor.seq]]);
      expect(await holesOf(log, cursor, "a", "b", "c")).toEqual([]);
      await publish(log, reliable("a", '"again"'));
      expect(await holesOf(log, before, "a")).toEqual([["a", cursor.seq]]);
      expect(await holesOf(log, cursor, "a")).toEqual([]);
    },
  },
  {
    law: "ends",
    title: "forgetting an ended channel makes no hole in a channel that the log knows, nor after the end",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      // Two empty channels are remembered. The ended ones are not among them.
      const { log } = await open({ keep: { age: HOUR, emptyChannels: 2 }, now: clock.now });
      const start = await startOf(log);
      await publish(log, latest("value", "", "1"));
      const [one, other] = await publish(log, reliable("emptied"), reliable("empty"));
      await log.append(Array.from({ length: 50 }, (_, index) => end(`jobs/${index}`)));
      const { seq } = await log.head();
      clock.move(HOUR);
      await publish(log, reliable("used"));
      await log.trim();
      expect(await holesOf(log, start, "value")).toEqual([]);
      expect(await holesOf(log, start, "emptied", "empty")).toEqual([
        ["emptied", one?.seq],
        ["empty", other?.seq],
      ]);
      if (other === undefined) throw new Error("expected two positions");
      expect(await holesOf(log, other, "emptied", "empty", "used")).toEqual([]);
      expect(await holesOf(log, { ...start, seq }, "jobs/7", "never", "used")).toEqual([]);
      const { holes } = await log.read(start, null, WIDE);
      const byPosition = holes.toSorted((left, right) => left.to - right.to);
      expect(byPosition.map(({ channel, to }) => [channel, to])).toEqual([
        ["emptied", one?.seq],
        ["empty", other.seq],
        ["", seq],
      ]);
    },
  },
];

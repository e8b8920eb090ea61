import { expect } from "vitest";
import type { Law } from "./law.ts";
import { HOUR, ManualClock, MINUTE } from "./manual-clock.ts";
import { latest, numbered, publish, reliable } from "./publishing.ts";
import { dataOf, readToEnd, seqsOf, startOf, WIDE } from "./reading.ts";

const KILOBYTE = JSON.stringify("x".repeat(998));

export const retentionLaws: readonly Law[] = [
  {
    law: "retention",
    title: "the newest entries of each channel are kept, up to the limit",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 4 } });
      await log.append([...numbered("a", 90), ...numbered("b", 4)]);
      await publish(log, ...numbered("c", 5));
      await log.trim();
      const start = await startOf(log);
      expect(dataOf(await readToEnd(log, start, ["a"]))).toEqual(["87", "88", "89", "90"]);
      expect(dataOf(await readToEnd(log, start, ["b"]))).toEqual(["1", "2", "3", "4"]);
      expect(dataOf(await readToEnd(log, start, ["c"]))).toEqual(["2", "3", "4", "5"]);
      expect(dataOf(await log.recent(["a", "b", "c"], 100))).toHaveLength(12);
      // Of a channel that was trimmed before, too.
      await publish(log, reliable("b", "5"));
      await log.trim();
      expect(dataOf(await readToEnd(log, start, ["b"]))).toEqual(["2", "3", "4", "5"]);
    },
  },
  {
    law: "retention",
    title: "of what is published in one go, a reader that is caught up gets 3,000 entries without a hole",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 10 } });
      await publish(log, ...numbered("a", 10));
      const seen = await log.head();
      await Promise.all(numbered("a", 3_000).map((entry) => log.append([entry])));
      const { entries, holes } = await readToEnd(log, seen, ["a"]);
      expect(entries).toHaveLength(3_000);
      expect(holes).toEqual([]);
      await log.trim();
      expect((await log.stat()).entries).toBe(10);
    },
  },
  {
    law: "retention",
    title: "an entry is kept until it has the age of the limit, and no longer",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR }, now: clock.now });
      const [old] = await publish(log, reliable("a", "1"));
      clock.move(HOUR - 1);
      await publish(log, reliable("a", "2"));
      await log.trim();
      expect(await log.read(await startOf(log), ["a"], WIDE)).toMatchObject({
        entries: [{ data: "1" }, { data: "2" }],
        holes: [],
      });
      clock.move(1);
      await log.trim();
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(dataOf(page)).toEqual(["2"]);
      expect(page.holes).toEqual([{ channel: "a", reason: "trimmed", to: old?.seq }]);
    },
  },
  {
    law: "retention",
    title: "when everything was dropped, the head is where it was: a reader there has lost nothing, and goes on",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log, another } = await open({ keep: { age: HOUR }, now: clock.now });
      await publish(log, ...numbered("a", 3));
      const head = await log.head();
      clock.move(HOUR);
      await log.trim();
      for (const handle of [log, await another()]) {
        expect(await handle.head()).toEqual(head);
        expect(await handle.read(head, ["a"], WIDE)).toEqual({ entries: [], next: head, more: false, holes: [] });
      }
      const [next] = await publish(log, reliable("a", "4"));
      expect(await log.read(head, ["a"], WIDE)).toMatchObject({ entries: [{ ...next, data: "4" }], holes: [] });
    },
  },
  {
    law: "retention",
    title: "the age of an entry is judged by the clock of the storage, whatever that of a process says",
    needs: ["skewed"],
    async run({ open }) {
      const { log, skewed } = await open({ keep: { age: HOUR } });
      const handles = [log, await skewed(3 * HOUR), await skewed(-3 * HOUR)];
      for (const [index, handle] of handles.entries()) {
        await publish(handle, reliable("a", `${index}`));
      }
      for (const handle of handles) {
        await handle.trim();
        const { entries } = await readToEnd(handle, await startOf(log), ["a"]);
        expect(dataOf({ entries })).toEqual(["0", "1", "2"]);
        const times = entries.map(({ at }) => at);
        expect(Math.max(...times) - Math.min(...times)).toBeLessThan(MINUTE);
      }
    },
  },
  {
    law: "retention",
    title: "the bytes of the log are bounded: the oldest entries are dropped, with a hole in each of their channels",
    async run({ open }) {
      const { log } = await open({ keep: { bytes: 20_000 } });
      const early = await publish(log, reliable("early", KILOBYTE));
      const cursors = await publish(log, ...Array.from({ length: 40 }, () => reliable("a", KILOBYTE)));
      await log.trim();
      const { entries, holes } = await readToEnd(log, await startOf(log), ["a", "early", "none"]);
      // An engine may also count its own overhead, so fewer than 20 are allowed.
      expect(entries.length).toBeLessThanOrEqual(20);
      expect(entries.length).toBeGreaterThanOrEqual(5);
      expect(seqsOf(entries)).toEqual(seqsOf(cursors.slice(-entries.length)));
      const lost = cursors.at(-entries.length - 1);
      expect(holes.toSorted((one, other) => one.to - other.to)).toEqual([
        { channel: "early", reason: "trimmed", to: early[0]?.seq },
        { channel: "a", reason: "trimmed", to: lost?.seq },
      ]);
    },
  },
  {
    law: "retention",
    title: "trim() from two handles at once drops the same as from one",
    async run({ open }) {
      const { log, another } = await open({ keep: { entries: 3 } });
      const other = await another();
      const [, , third] = await publish(log, ...numbered("a", 6), ...numbered("b", 3));
      await Promise.all([log.trim(), other.trim(), log.trim(), other.trim()]);
      const page = await log.read(await startOf(log), ["a", "b"], WIDE);
      expect(dataOf(page)).toEqual(["4", "5", "6", "1", "2", "3"]);
      expect(page.holes).toEqual([{ channel: "a", reason: "trimmed", to: third?.seq }]);
    },
  },
  {
    law: "retention",
    title: "withdrawals are dropped like reliable entries",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR }, now: clock.now });
      await publish(log, latest("a", "x", "1"), latest("a", "x", null), latest("a", "never", null));
      clock.move(HOUR - 1);
      await log.trim();
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual([null, null]);
      clock.move(1);
      await log.trim();
      expect((await log.stat()).entries).toBe(0);
      await publish(log, latest("a", "x", "2"));
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["2"]);
    },
  },
  {
    law: "retention",
    title: "a clock that jumps by an hour drops no entries that are kept for longer",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: 2 * HOUR }, now: clock.now });
      for (const jump of [HOUR, -HOUR, -HOUR, HOUR]) {
        await publish(log, reliable("a", `${jump}`));
        clock.move(jump);
        await log.trim();
      }
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(page.entries).toHaveLength(4);
      expect(page.holes).toEqual([]);
      clock.move(4 * HOUR);
      await log.trim();
      expect(await log.read(await startOf(log), ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ channel: "a" }] });
    },
  },
  {
    law: "retention",
    title: "stat() returns the head, the retention in force, and how much is kept",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 3 } });
      const empty = await log.stat();
      await publish(log, ...numbered("a", 5), latest("a", "x", KILOBYTE));
      await log.trim();
      const stat = await log.stat();
      expect(stat).toMatchObject({ head: await log.head(), entries: 4, keep: { entries: 3 } });
      expect(stat.bytes).toBeGreaterThanOrEqual(empty.bytes + 1_003);
    },
  },
];

import { expect } from "vitest";
import { VOLATILE_AGE } from "../event-log.ts";
import type { Law } from "./law.ts";
import { HOUR, ManualClock, SECOND } from "./manual-clock.ts";
import { latest, publish, reliable, volatile } from "./publishing.ts";
import { currentToEnd, dataOf, readToEnd, startOf, WIDE } from "./reading.ts";

export const volatileLaws: readonly Law[] = [
  {
    law: "volatile",
    title: "it is owed in the order of seq, and is neither a recent entry nor a current value",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, reliable("a", "1"), volatile("a", "2"), latest("a", "x", "3"), volatile("a", "4"));
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1", "2", "3", "4"]);
      expect(dataOf(await log.recent(["a"], 10))).toEqual(["1"]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["3"]);
    },
  },
  {
    law: "volatile",
    title: "it is owed for 5 seconds, and leaves no hole after that",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await publish(log, volatile("a", "1"));
      clock.move(VOLATILE_AGE - 1);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1"]);
      clock.move(1);
      await publish(log, volatile("a", "2"));
      for (const prepare of [async () => {}, () => log.trim()]) {
        await prepare();
        const page = await log.read(await startOf(log), ["a"], WIDE);
        expect(dataOf(page)).toEqual(["2"]);
        expect(page.holes).toEqual([]);
      }
    },
  },
  {
    law: "volatile",
    title: "its age is judged by the clock of the storage: what a process with another clock publishes is owed to all",
    needs: ["skewed"],
    async run({ open }) {
      const { log, skewed } = await open({});
      const handles = [log, await skewed(10 * SECOND), await skewed(-10 * SECOND)];
      for (const from of handles) {
        const before = await log.head();
        await publish(from, volatile("a", "1"));
        const pages = await Promise.all(handles.map((to) => to.read(before, ["a"], WIDE)));
        for (const page of pages) expect(dataOf(page)).toEqual(["1"]);
      }
    },
  },
  {
    law: "volatile",
    title: "trim() drops every old one",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await publish(log, volatile("a"), volatile("b"));
      clock.move(VOLATILE_AGE);
      await log.trim();
      expect((await log.stat()).entries).toBe(0);
    },
  },
  {
    law: "volatile",
    title: "it still ages after the clock has gone back",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await publish(log, volatile("a", "1"));
      clock.move(-HOUR);
      await publish(log, volatile("a", "2"));
      clock.move(VOLATILE_AGE - 1);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toContain("2");
      clock.move(1);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual([]);
      await log.trim();
      expect((await log.stat()).entries).toBe(0);
    },
  },
];

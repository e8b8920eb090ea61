import { expect } from "vitest";
import type { Entry } from "../event-log.ts";
import type { Law } from "./law.ts";
import { latest, numbered, publish, reliable, volatile } from "./publishing.ts";
import { currentToEnd, dataOf, seqsOf, WIDE } from "./reading.ts";

export const historyLaws: readonly Law[] = [
  {
    law: "recent",
    title: "it returns the newest reliable entries of the channels together, oldest first",
    async run({ open }) {
      const { log } = await open({});
      await publish(
        log,
        reliable("a", "1"),
        reliable("b", "2"),
        reliable("noise", '"no"'),
        reliable("a", "3"),
        reliable("b", "4"),
      );
      expect(dataOf(await log.recent(["b", "a"], 3))).toEqual(["2", "3", "4"]);
      expect(dataOf(await log.recent(["a"], 1))).toEqual(["3"]);
      expect(await log.recent(["a", "b"], 3)).toMatchObject({ next: await log.head(), more: true, holes: [] });
    },
  },
  {
    law: "recent",
    title: "more is true exactly when there are older ones",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, ...numbered("a", 3), ...numbered("b", 2));
      const mores = [];
      for (const n of [1, 4, 5, 6]) mores.push((await log.recent(["a", "b"], n)).more);
      expect(mores).toEqual([true, true, false, false]);
      expect(await log.recent(["empty"], 5)).toMatchObject({ entries: [], more: false });
    },
  },
  {
    law: "recent",
    title: "it returns neither values, withdrawals nor volatile entries",
    async run({ open }) {
      const { log } = await open({});
      await publish(
        log,
        reliable("a", "1"),
        latest("a", "x", "2"),
        latest("a", "y", null),
        volatile("a"),
        reliable("a", "3"),
      );
      expect(await log.recent(["a"], 2)).toMatchObject({ entries: [{ data: "1" }, { data: "3" }], more: false });
    },
  },
  {
    law: "recent",
    title: "paging backwards finds every entry once",
    async run({ open }) {
      const { log } = await open({});
      const entries = Array.from({ length: 23 }, (_, index) => reliable(index % 3 === 0 ? "a" : "b", `${index}`));
      await log.append(entries);
      const pages: (readonly Entry[])[] = [];
      let page = await log.recent(["a", "b"], 5);
      for (let count = 0; count < 10; count++) {
        pages.unshift(page.entries);
        const [oldest] = page.entries;
        if (!page.more || oldest === undefined) break;
        page = await log.recent(["a", "b"], 5, { epoch: oldest.epoch, seq: oldest.seq });
      }
      expect(dataOf({ entries: pages.flat() })).toEqual(entries.map(({ data }) => data));
      expect(pages).toHaveLength(5);
    },
  },
  {
    law: "recent",
    title: "there is nothing before the first entry",
    async run({ open }) {
      const { log } = await open({});
      const [first] = await publish(log, reliable("a"));
      expect(await log.recent(["a"], 5, first)).toMatchObject({ entries: [], more: false, holes: [] });
    },
  },
  {
    law: "current",
    title: "it returns the newest value of each key in the order of seq, and the head as next",
    async run({ open }) {
      const { log } = await open({});
      await publish(
        log,
        latest("a", "x", "1"),
        latest("b", "x", "2"),
        latest("a", "y", "3"),
        latest("a", "x", "4"),
        reliable("a"),
      );
      const page = await log.current(["b", "a"], null, WIDE);
      expect(dataOf(page)).toEqual(["2", "3", "4"]);
      expect(page).toMatchObject({ next: await log.head(), more: false, holes: [] });
      expect(dataOf(await log.current(["b"], null, WIDE))).toEqual(["2"]);
      expect(await log.current(["empty"], null, WIDE)).toMatchObject({
        entries: [],
        next: await log.head(),
        more: false,
      });
    },
  },
  {
    law: "current",
    title: "small pages together give the same as one big page",
    async run({ open }) {
      const { log } = await open({});
      await log.append(
        Array.from({ length: 40 }, (_, index) => latest(`rooms/${index % 3}`, `${index % 13}`, `${1_000 + index}`)),
      );
      const channels = ["rooms/0", "rooms/1", "rooms/2"];
      const { entries } = await log.current(channels, null, WIDE);
      expect(seqsOf(entries)).toEqual(seqsOf(entries).toSorted((one, other) => one - other));
      for (const limit of [
        { entries: 4, bytes: WIDE.bytes },
        { entries: 100, bytes: 10 },
        { entries: 1, bytes: 1 },
      ]) {
        const paged = await currentToEnd(log, channels, limit);
        expect(paged.entries).toEqual(entries);
        for (const page of paged.pages) expect(page.entries.length).toBeLessThanOrEqual(Math.min(4, limit.entries));
      }
    },
  },
  {
    law: "current",
    title: "a value that is replaced between two pages is not missed",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, latest("a", "x", "1"), latest("a", "y", "2"), latest("a", "z", "3"));
      const first = await log.current(["a"], null, { entries: 1, bytes: WIDE.bytes });
      await publish(log, latest("a", "y", "4"));
      expect(dataOf(first)).toEqual(["1"]);
      expect(dataOf(await log.current(["a"], first.next, WIDE))).toEqual(["3", "4"]);
    },
  },
];

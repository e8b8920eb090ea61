import { expect } from "vitest";
import type { Law } from "./law.ts";
import { latest, numbered, publish, reliable } from "./publishing.ts";
import { currentToEnd, dataOf, readToEnd, seqsOf, startOf, WIDE } from "./reading.ts";

const KILOBYTE = JSON.stringify("x".repeat(998));

export const limitLaws: readonly Law[] = [
  {
    law: "limits",
    title: "a page has no more entries than the limit, says that there is more, and its next is where it ended",
    async run({ open }) {
      const { log } = await open({});
      await log.append(numbered("a", 25));
      const start = await startOf(log);
      const { pages, entries } = await readToEnd(log, start, ["a"], { entries: 4, bytes: WIDE.bytes });
      for (const page of pages) expect(page.entries.length).toBeLessThanOrEqual(4);
      expect(pages[0]).toMatchObject({ more: true });
      expect(pages.at(-1)).toMatchObject({ more: false, next: await log.head() });
      expect(entries).toEqual((await log.read(start, ["a"], WIDE)).entries);
    },
  },
  {
    law: "limits",
    title: "a page has no more bytes of data than the limit",
    async run({ open }) {
      const { log } = await open({});
      await log.append(Array.from({ length: 10 }, () => reliable("a", KILOBYTE)));
      const { pages, entries } = await readToEnd(log, await startOf(log), ["a"], { entries: 100, bytes: 3_500 });
      for (const page of pages) expect(page.entries.length).toBeLessThanOrEqual(3);
      expect(entries).toHaveLength(10);
    },
  },
  {
    law: "limits",
    title: "bytes are those of UTF-8, of entries and of current values",
    async run({ open }) {
      const { log } = await open({});
      // 500 characters have 1,500 bytes.
      const text = JSON.stringify("語".repeat(500));
      const entries = Array.from({ length: 4 }, (_, index) => [reliable("a", text), latest("a", `${index}`, text)]);
      await log.append(entries.flat());
      const limit = { entries: 100, bytes: 3_500 };
      expect((await log.read(await startOf(log), ["a"], limit)).entries).toHaveLength(2);
      expect((await log.current(["a"], null, limit)).entries).toHaveLength(2);
    },
  },
  {
    law: "limits",
    title: "a page may have one entry that alone exceeds the limit, also one of nothing",
    async run({ open }) {
      const { log } = await open({});
      await publish(
        log,
        reliable("a", KILOBYTE),
        reliable("a", KILOBYTE),
        latest("a", "", KILOBYTE),
        latest("a", "2", KILOBYTE),
      );
      for (const limit of [
        { entries: 1, bytes: 1 },
        { entries: 0, bytes: 0 },
      ]) {
        expect((await readToEnd(log, await startOf(log), ["a"], limit)).entries).toHaveLength(4);
        expect((await readToEnd(log, await startOf(log), null, limit)).entries).toHaveLength(4);
        expect((await currentToEnd(log, ["a"], limit)).entries).toHaveLength(2);
      }
    },
  },
  {
    law: "limits",
    title: "the bytes of entries of other channels do not count",
    async run({ open }) {
      const { log } = await open({});
      const channels = Array.from({ length: 60 }, (_, index) => `rooms/${index}`);
      await log.append(channels.flatMap((channel) => [reliable(channel, "1"), reliable("noise", KILOBYTE)]));
      const start = await startOf(log);
      expect((await log.read(start, ["rooms/0", "rooms/59"], { entries: 1_000, bytes: 10 })).entries).toHaveLength(2);
      expect((await log.read(start, channels, { entries: 1_000, bytes: 100 })).entries).toHaveLength(60);
    },
  },
  {
    law: "limits",
    title: "a channel that is named twice is read once",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 2 } });
      await publish(log, ...numbered("a", 3), latest("a", "", '"value"'));
      await log.trim();
      const page = await log.read(await startOf(log), ["a", "a"], WIDE);
      expect(dataOf(page)).toEqual(["2", "3", '"value"']);
      expect(page.holes).toHaveLength(1);
      expect(dataOf(await log.recent(["a", "a"], 10))).toEqual(["2", "3"]);
      expect(dataOf(await log.current(["a", "a"], null, WIDE))).toEqual(['"value"']);
    },
  },
  {
    law: "limits",
    title: "many channels are read in one order, whether a read names few of them or all",
    async run({ open }) {
      const { log } = await open({});
      const channels = Array.from({ length: 120 }, (_, index) => `rooms/${index}`);
      const entries = Array.from({ length: 600 }, (_, index) => reliable(`rooms/${(index * 7) % 240}`, `${index}`));
      await log.append(entries);
      for (const named of [channels.slice(0, 1), channels.slice(0, 30), channels, null]) {
        const expected = entries.filter(({ channel }) => named === null || named.includes(channel));
        for (const limit of [WIDE, { entries: 7, bytes: WIDE.bytes }]) {
          const found = await readToEnd(log, await startOf(log), named, limit);
          expect(dataOf(found)).toEqual(expected.map(({ data }) => data));
          expect(seqsOf(found.entries)).toEqual(seqsOf(found.entries).toSorted((one, other) => one - other));
        }
      }
    },
  },
  {
    law: "limits",
    title: "an aborted read rejects with the reason",
    async run({ open }) {
      const { log } = await open({});
      const reason = new Error("the reader has gone");
      await expect(log.read(await startOf(log), ["a"], WIDE, AbortSignal.abort(reason))).rejects.toBe(reason);
    },
  },
];

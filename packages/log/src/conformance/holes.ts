import { expect } from "vitest";
import type { Law } from "./law.ts";
import { HOUR, ManualClock } from "./manual-clock.ts";
import { latest, numbered, publish, reliable, volatile } from "./publishing.ts";
import { dataOf, readToEnd, startOf, WIDE } from "./reading.ts";

export const holeLaws: readonly Law[] = [
  {
    law: "law 7: a gap for every hole, none without",
    title: "a channel that lost entries is named with the last lost one, and the remaining entries are read",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 3 } });
      const [, second] = await publish(log, ...numbered("a", 5));
      await log.trim();
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(page.holes).toEqual([{ channel: "a", reason: "trimmed", to: second?.seq }]);
      expect(dataOf(page)).toEqual(["3", "4", "5"]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a reader that has seen the last lost entry has no hole, a reader that has not seen it has one",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 3 } });
      const [first, second, third] = await publish(log, ...numbered("a", 5));
      await log.trim();
      if (first === undefined || second === undefined || third === undefined) {
        throw new Error("expected five positions");
      }
      expect((await log.read(first, ["a"], WIDE)).holes).toHaveLength(1);
      expect((await log.read(second, ["a"], WIDE)).holes).toEqual([]);
      expect((await log.read(third, ["a"], WIDE)).holes).toEqual([]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a busy channel makes no hole in a quiet one, and evicts none of its entries",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 3 } });
      await publish(log, reliable("quiet", '"first"'), ...numbered("noisy", 20), reliable("quiet", '"second"'));
      await log.trim();
      const start = await startOf(log);
      const page = await log.read(start, ["quiet"], WIDE);
      expect(page.holes).toEqual([]);
      expect(dataOf(page)).toEqual(['"first"', '"second"']);
      expect((await log.read(start, ["quiet", "noisy"], WIDE)).holes.map(({ channel }) => channel)).toEqual(["noisy"]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "each channel's hole ends at its own last lost entry",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 1 } });
      const [lostOfA] = await publish(log, reliable("a"), reliable("a"));
      const [lostOfB] = await publish(log, reliable("b"), reliable("b"));
      await log.trim();
      const { holes } = await log.read(await startOf(log), ["b", "a"], WIDE);
      expect(holes.toSorted((one, other) => one.to - other.to)).toEqual([
        { channel: "a", reason: "trimmed", to: lostOfA?.seq },
        { channel: "b", reason: "trimmed", to: lostOfB?.seq },
      ]);
      if (lostOfA === undefined) throw new Error("expected a position");
      expect((await log.read(lostOfA, ["a", "b"], WIDE)).holes.map(({ channel }) => channel)).toEqual(["b"]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a channel without entries has no hole while others have one",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 1 } });
      await publish(log, ...numbered("noisy", 5));
      await log.trim();
      expect(await log.read(await startOf(log), ["empty"], WIDE)).toMatchObject({ entries: [], holes: [] });
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "superseded values, superseded withdrawals and volatile entries leave no hole",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 1 } });
      for (let round = 0; round < 5; round++) {
        await publish(log, latest("a", "x", `${round}`), latest("a", "y", null), volatile("a"));
        await publish(log, latest("a", "y", `${round}`), latest("a", "x", null));
      }
      await log.trim();
      expect((await log.read(await startOf(log), ["a"], WIDE)).holes).toEqual([]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a trimmed withdrawal is a hole: otherwise a reader that has the value keeps it for ever",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 1 } });
      const [, , seen] = await publish(log, latest("a", "x", "1"), latest("a", "y", "2"), reliable("b"));
      const [lost, kept] = await publish(log, latest("a", "x", null), latest("a", "y", null));
      await log.trim();
      if (seen === undefined || lost === undefined) throw new Error("expected five positions");
      const page = await log.read(seen, ["a", "b"], WIDE);
      expect(page.holes).toEqual([{ channel: "a", reason: "trimmed", to: lost.seq }]);
      expect(page.entries).toMatchObject([{ key: "y", data: null, seq: kept?.seq }]);
      expect((await log.read(lost, ["a", "b"], WIDE)).holes).toEqual([]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "trimming an entry with a smaller seq later does not make a hole smaller",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { entries: 1, age: HOUR }, now: clock.now });
      const start = await startOf(log);
      await publish(log, latest("a", "x", "1"), latest("a", "x", null));
      const [lost] = await publish(log, ...numbered("a", 2));
      await log.trim();
      clock.move(HOUR);
      await publish(log, reliable("b"));
      await log.trim();
      const { holes } = await log.read(start, ["a"], WIDE);
      expect(holes).toMatchObject([{ channel: "a", reason: "trimmed" }]);
      expect(holes[0]?.to).toBeGreaterThan(lost?.seq ?? Infinity);
      expect((await log.read({ ...start, seq: (lost?.seq ?? 0) + 1 }, ["a"], WIDE)).holes).toEqual([]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "nor does a withdrawal with a smaller seq that is one too many later",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 1 } });
      await publish(log, latest("a", "x", null));
      const [lost] = await publish(log, ...numbered("a", 2));
      await log.trim();
      await publish(log, latest("a", "y", null));
      await log.trim();
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(dataOf(page)).toEqual(["2", null]);
      expect(page.holes).toEqual([{ channel: "a", reason: "trimmed", to: lost?.seq }]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a read of every channel names every hole",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 1 } });
      await publish(log, ...numbered("a", 2), ...numbered("b", 2), ...numbered("c", 1));
      await log.trim();
      const { holes } = await log.read(await startOf(log), null, WIDE);
      expect(holes.map(({ channel }) => channel).toSorted()).toEqual(["a", "b"]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a channel that retention has emptied still has its hole, also after it is used again",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR }, now: clock.now });
      const [lost] = await publish(log, reliable("a"));
      clock.move(HOUR);
      await log.trim();
      const hole = { channel: "a", reason: "trimmed", to: lost?.seq };
      expect(await log.read(await startOf(log), ["a"], WIDE)).toMatchObject({ entries: [], holes: [hole] });
      await publish(log, reliable("a", '"new"'));
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(page.holes).toEqual([hole]);
      expect(dataOf(page)).toEqual(['"new"']);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "of more empty channels than the log remembers, the oldest are forgotten: one position stands for them",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR, emptyChannels: 2 }, now: clock.now });
      const start = await startOf(log);
      await publish(log, latest("value", "", "1"));
      const [, forgotten, one, other] = await publish(log, ...["a", "b", "c", "d"].map((each) => reliable(each)));
      clock.move(HOUR);
      await publish(log, reliable("used"));
      await log.trim();
      const holesOf = async (seq: number, ...channels: string[]) =>
        (await log.read({ ...start, seq }, channels, WIDE)).holes.map(({ channel, to }) => [channel, to]);
      // Nothing is known of "a", "b" and "never", so a reader from before the last lost entry may have missed some.
      const [to = 0, toOfC, toOfD] = [forgotten?.seq, one?.seq, other?.seq];
      expect(await holesOf(0, "a", "b", "never")).toEqual(["a", "b", "never"].map((channel) => [channel, to]));
      expect(await holesOf(to - 1, "a", "b", "never")).toHaveLength(3);
      expect(await holesOf(to, "a", "b", "never", "used", "value")).toEqual([]);
      // The log knows these: it remembers two empty channels, and it has entries of the others.
      expect(await holesOf(0, "c", "used", "value")).toEqual([["c", toOfC]]);
      expect(await holesOf(0, "d")).toEqual([["d", toOfD]]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a forgotten channel that is used again has a hole for the positions from before it was forgotten, only",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR, emptyChannels: 1 }, now: clock.now });
      const start = await startOf(log);
      const [, lost] = await publish(log, reliable("a"), reliable("b"), reliable("c"));
      clock.move(HOUR);
      await log.trim();
      await publish(log, reliable("a", '"again"'), reliable("new"));
      for (const channel of ["a", "new"]) {
        const page = await log.read(start, [channel], WIDE);
        expect(page.holes).toEqual([{ channel, reason: "trimmed", to: lost?.seq }]);
        expect(page.entries).toHaveLength(1);
        expect((await log.read({ ...start, seq: lost?.seq ?? 0 }, [channel], WIDE)).holes).toEqual([]);
      }
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "an empty channel that is used again is not forgotten with the empty ones",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR, emptyChannels: 1 }, now: clock.now });
      const start = await startOf(log);
      const [lost] = await publish(log, reliable("a"));
      clock.move(HOUR);
      await log.trim();
      await publish(log, reliable("b"), reliable("c"));
      clock.move(HOUR - 1);
      await publish(log, reliable("a"));
      clock.move(1);
      await log.trim();
      const { holes } = await log.read(start, ["a"], WIDE);
      expect(holes).toEqual([{ channel: "a", reason: "trimmed", to: lost?.seq }]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "a read of every channel has a hole that stands for the forgotten ones",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR, emptyChannels: 1 }, now: clock.now });
      const start = await startOf(log);
      const [, lost] = await publish(log, reliable("a"), reliable("b"), reliable("c"));
      clock.move(HOUR);
      await log.trim();
      const { holes } = await log.read(start, null, WIDE);
      expect(holes.find(({ channel }) => channel === "")).toEqual({ channel: "", reason: "trimmed", to: lost?.seq });
      const { holes: later } = await log.read({ ...start, seq: lost?.seq ?? 0 }, null, WIDE);
      expect(later.map(({ channel }) => channel)).toEqual(["c"]);
    },
  },
  {
    law: "law 11: filtering is no gap",
    title: "next passes over the entries of other channels",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, reliable("a"), ...numbered("noise", 10));
      const start = await startOf(log);
      const head = await log.head();
      expect(await log.read(start, ["a"], WIDE)).toMatchObject({ next: head, more: false, holes: [] });
      expect(await log.read(start, ["empty"], WIDE)).toEqual({ entries: [], next: head, more: false, holes: [] });
    },
  },
  {
    law: "law 11: filtering is no gap",
    title: "a reader whose position has passed trimmed entries of other channels has no hole",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 2 } });
      await publish(log, reliable("a"));
      const { next } = await log.read(await startOf(log), ["a"], WIDE);
      await publish(log, ...numbered("noise", 10));
      await log.trim();
      await publish(log, reliable("a", '"new"'));
      const page = await log.read(next, ["a"], WIDE);
      expect(page.holes).toEqual([]);
      expect(dataOf(page)).toEqual(['"new"']);
    },
  },
  {
    law: "law 11: filtering is no gap",
    title: "reading in small pages gets past any number of entries of other channels",
    async run({ open }) {
      const { log } = await open({});
      await log.append([...numbered("noise", 300), reliable("a", '"found"'), ...numbered("noise", 300)]);
      const found = await readToEnd(log, await startOf(log), ["a"], { entries: 10, bytes: 1_000 });
      expect(dataOf(found)).toEqual(['"found"']);
      expect(found.holes).toEqual([]);
      expect(found.next).toEqual(await log.head());
    },
  },
];

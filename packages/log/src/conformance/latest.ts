import { expect } from "vitest";
import type { Law } from "./law.ts";
import { HOUR, ManualClock, MINUTE, SECOND } from "./manual-clock.ts";
import { latest, numbered, publish, reliable } from "./publishing.ts";
import { currentToEnd, dataOf, readToEnd, startOf, WIDE } from "./reading.ts";

export const latestLaws: readonly Law[] = [
  {
    law: "latest",
    title: "only the newest value of a key is owed, in the order of seq",
    async run({ open }) {
      const { log } = await open({});
      await publish(
        log,
        latest("a", "x", "1"),
        reliable("a", '"between"'),
        latest("a", "x", "2"),
        reliable("a", '"after"'),
      );
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(['"between"', "2", '"after"']);
    },
  },
  {
    law: "latest",
    title: "a reader that has seen the newest value is owed none",
    async run({ open }) {
      const { log } = await open({});
      const [, second] = await publish(log, latest("a", "x", "1"), latest("a", "x", "2"));
      if (second === undefined) throw new Error("expected two positions");
      expect(dataOf(await readToEnd(log, second, ["a"]))).toEqual([]);
    },
  },
  {
    law: "latest",
    title: "a key is scoped to its channel and type, and a missing key is a key, too",
    async run({ open }) {
      const { log } = await open({});
      await publish(
        log,
        latest("a", "x", "1"),
        latest("a", "y", "2"),
        latest("b", "x", "3"),
        latest("a", "x", "4", { type: "other" }),
        { channel: "a", type: "state", mode: "latest", data: "5" },
        latest("a", "1 x", "6"),
        latest("a", "x", "7", { type: "state 1" }),
      );
      expect(dataOf(await readToEnd(log, await startOf(log), ["a", "b"]))).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
      await publish(log, latest("a", "x", "8"), { channel: "a", type: "state", mode: "latest", data: "9" });
      expect(dataOf(await readToEnd(log, await startOf(log), ["a", "b"]))).toEqual(["2", "3", "4", "6", "7", "8", "9"]);
    },
  },
  {
    law: "latest",
    title: "a withdrawal is owed instead of the value, and is not a current value",
    async run({ open }) {
      const { log } = await open({});
      const [seen] = await publish(log, latest("a", "x", "1"), latest("a", "x", null), latest("a", "y", "2"));
      if (seen === undefined) throw new Error("expected a position");
      const { entries } = await readToEnd(log, seen, ["a"]);
      expect(entries).toMatchObject([
        { type: "state", mode: "latest", key: "x", data: null },
        { key: "y", data: "2" },
      ]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["2"]);
    },
  },
  {
    law: "latest",
    title: "a value that is published after a withdrawal is owed again",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, latest("a", "x", "1"), latest("a", "x", null), latest("a", "x", "2"));
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["2"]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["2"]);
    },
  },
  {
    law: "latest",
    title: "the newest value survives the retention by entries, and does not count for it",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 3 } });
      await publish(
        log,
        ...Array.from({ length: 6 }, (_, index) => latest("a", `${index}`, `"${index}"`)),
        ...numbered("a", 5),
      );
      await log.trim();
      const values = ['"0"', '"1"', '"2"', '"3"', '"4"', '"5"'];
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual([...values, "3", "4", "5"]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(values);
    },
  },
  {
    law: "latest",
    title: "the newest value survives the retention by age",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { age: HOUR }, now: clock.now });
      await publish(log, latest("a", "x", '"value"'), reliable("a"));
      clock.move(2 * HOUR);
      await log.trim();
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(['"value"']);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(['"value"']);
    },
  },
  {
    law: "latest",
    title: "values do not count for the retention by bytes, so they evict no reliable entries",
    async run({ open }) {
      const { log } = await open({ keep: { bytes: 20_000 } });
      await publish(log, ...numbered("a", 3));
      await log.append(
        Array.from({ length: 50 }, (_, index) => latest("b", `${index}`, JSON.stringify("x".repeat(1_000)))),
      );
      await log.trim();
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(page.holes).toEqual([]);
      expect(dataOf(page)).toEqual(["1", "2", "3"]);
    },
  },
  {
    law: "latest",
    title: "an expired value is not owed, even before it is withdrawn",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await publish(log, latest("a", "x", "1", { expires: 45 * SECOND }), latest("a", "y", "2"));
      clock.move(45 * SECOND - 1);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1", "2"]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["1", "2"]);
      clock.move(1);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["2"]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["2"]);
    },
  },
  {
    law: "latest",
    title: "trim() withdraws an expired value once, even when two handles call it",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log, another } = await open({ now: clock.now });
      const other = await another();
      const [seen] = await publish(log, latest("a", "x", "1", { expires: MINUTE }), latest("a", "y", "2"));
      if (seen === undefined) throw new Error("expected a position");
      clock.move(MINUTE);
      await Promise.all([log.trim(), other.trim()]);
      await Promise.all([other.trim(), log.trim()]);
      const { entries } = await readToEnd(log, seen, ["a"]);
      expect(entries).toMatchObject([
        { data: "2" },
        { channel: "a", type: "state", mode: "latest", key: "x", data: null },
      ]);
    },
  },
  {
    law: "latest",
    title: "a value that is renewed in time does not expire, and one that is renewed late is owed again",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      for (let round = 0; round < 4; round++) {
        await publish(log, latest("a", "x", `${round}`, { expires: MINUTE }));
        clock.move(MINUTE - 1);
        await log.trim();
        expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual([`${round}`]);
      }
      clock.move(MINUTE);
      await publish(log, latest("a", "x", '"late"', { expires: MINUTE }));
      await log.trim();
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(['"late"']);
    },
  },
  {
    law: "latest",
    title: "a value still expires after the clock has gone back",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await publish(log, latest("a", "x", "1", { expires: MINUTE }));
      clock.move(-HOUR);
      await publish(log, latest("a", "y", "2", { expires: 2 * MINUTE }));
      clock.move(MINUTE);
      await log.trim();
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["2"]);
      clock.move(MINUTE);
      await log.trim();
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual([]);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual([null, null]);
    },
  },
];

import { expect } from "vitest";
import type { EventLog, KeepRule, KeepRules } from "../event-log.ts";
import type { Law } from "./law.ts";
import { HOUR, ManualClock, MINUTE } from "./manual-clock.ts";
import { latest, numbered, publish, reliable } from "./publishing.ts";
import { dataOf, readToEnd, startOf, WIDE } from "./reading.ts";

/** Rules about patterns, by what they keep. Whatever is not named is kept for ever. */
function rules(channels: Readonly<Record<string, Partial<KeepRule>>>, others: Partial<KeepRule> = {}): KeepRules {
  const all = { entries: 1_000_000, age: Infinity };
  return {
    channels: Object.entries(channels).map(([pattern, keep]) => ({ ...all, ...keep, pattern })),
    default: { ...all, ...others },
  };
}

async function keptOf(log: EventLog, channel: string): Promise<unknown[]> {
  return dataOf(await readToEnd(log, await startOf(log), [channel]));
}

export const ruleLaws: readonly Law[] = [
  {
    law: "retention",
    title: "a rule is about the channels of its pattern, the first one that fits holds, and the default for the rest",
    async run({ open }) {
      const { log } = await open({});
      await log.setRules(
        rules(
          {
            "rooms/lobby": { entries: 6 },
            "rooms/*": { entries: 2 },
            "rooms/*/log": { entries: 3 },
            "a%20b/*": { entries: 4 },
          },
          { entries: 5 },
        ),
      );
      const expected = {
        "rooms/lobby": 6,
        "rooms/1": 2,
        "rooms/a%2Fb": 2,
        "rooms/1/log": 3,
        "rooms/1/other": 5,
        rooms: 5,
        "xrooms/1": 5,
        "a%20b/1": 4,
        "a b/1": 5,
        roomsX1: 5,
      };
      for (const channel of Object.keys(expected)) await log.append(numbered(channel, 7));
      await log.trim();
      const counts: Record<string, number> = {};
      for (const channel of Object.keys(expected)) counts[channel] = (await keptOf(log, channel)).length;
      expect(counts).toEqual(expected);
    },
  },
  {
    law: "retention",
    title: "an entry is kept as long as the rule of its channel says, whatever is older or younger around it",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await log.setRules(rules({ "answers/*": { age: HOUR }, "inboxes/*": { age: 30 * HOUR } }, { age: 2 * HOUR }));
      const round = async (data: string): Promise<void> => {
        for (const channel of ["inboxes/1", "answers/1", "other"]) await publish(log, reliable(channel, data));
      };
      const kept = async (): Promise<unknown[]> => {
        await log.trim();
        return Promise.all(["inboxes/1", "answers/1", "other"].map((channel) => keptOf(log, channel)));
      };
      await round("1");
      clock.move(HOUR - 1);
      await round("2");
      expect(await kept()).toEqual([
        ["1", "2"],
        ["1", "2"],
        ["1", "2"],
      ]);
      clock.move(1);
      expect(await kept()).toEqual([["1", "2"], ["2"], ["1", "2"]]);
      clock.move(HOUR);
      await round("3");
      expect(await kept()).toEqual([["1", "2", "3"], ["3"], ["2", "3"]]);
      clock.move(28 * HOUR);
      expect(await kept()).toEqual([["2", "3"], [], []]);
      await round("4");
      expect(await kept()).toEqual([["2", "3", "4"], ["4"], ["4"]]);
    },
  },
  {
    law: "retention",
    title: "withdrawals go by the rule of their channel, too",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await log.setRules(rules({ "few/*": { entries: 1 }, "short/*": { age: MINUTE } }));
      for (const channel of ["few/1", "short/1", "other"]) {
        await publish(log, latest(channel, "value", "1"), latest(channel, "x", null), latest(channel, "y", null));
      }
      clock.move(MINUTE);
      await log.trim();
      expect(await keptOf(log, "few/1")).toEqual(["1", null]);
      expect(await keptOf(log, "short/1")).toEqual(["1"]);
      expect(await keptOf(log, "other")).toEqual(["1", null, null]);
    },
  },
  {
    law: "retention",
    title: "every handle goes by the rules that were stored last, whatever it has stored or was told to keep itself",
    async run({ open }) {
      const { log, another } = await open({ keep: { entries: 3 } });
      const other = await another();
      const keptAfterTrims = async (): Promise<number[]> => {
        await log.append([...numbered("rooms/1", 12), ...numbered("other", 12)]);
        await log.trim();
        await other.trim();
        await log.trim();
        return [(await keptOf(log, "rooms/1")).length, (await keptOf(log, "other")).length];
      };
      expect(await keptAfterTrims()).toEqual([3, 3]);
      await log.setRules(rules({ "rooms/*": { entries: 4 } }, { entries: 6 }));
      await other.setRules(rules({ "rooms/*": { entries: 8 } }, { entries: 10 }));
      expect(await keptAfterTrims()).toEqual([8, 10]);
      await log.setRules(rules({}, { entries: 5 }));
      expect(await keptAfterTrims()).toEqual([5, 5]);
    },
  },
  {
    law: "retention",
    title: "stat() tells the rules in force, as another handle has stored them",
    async run({ open }) {
      const { log, another } = await open({ keep: { entries: 3, age: HOUR } });
      const other = await another();
      expect((await log.stat()).rules).toEqual({ channels: [], default: { entries: 3, age: HOUR } });
      const stored = rules({ "rooms/*": { entries: 4, age: Infinity } }, { entries: Infinity, age: 2 * HOUR });
      await other.setRules(stored);
      expect((await log.stat()).rules).toEqual(stored);
      expect((await log.stat()).keep).toMatchObject({ entries: 3, age: HOUR });
    },
  },
  {
    law: "retention",
    title: "the rules survive a restart",
    only: { survivesReopen: true },
    async run({ open }) {
      const { log, reopen } = await open({ keep: { entries: 9 } });
      await log.setRules(rules({ "rooms/*": { entries: 2 } }));
      await log.append(numbered("rooms/1", 5));
      const again = await reopen();
      await again.trim();
      expect(await keptOf(again, "rooms/1")).toEqual(["4", "5"]);
    },
  },
  {
    law: "retention",
    title: "a rule that becomes shorter holds for channels that nobody uses any more, too",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await log.setRules(rules({ "rooms/*": { age: 9 * HOUR }, "lists/*": { entries: 9 } }));
      await log.append([...numbered("rooms/1", 2), ...numbered("lists/1", 5), ...numbered("other", 2)]);
      clock.move(2 * HOUR);
      await log.append(numbered("rooms/1", 3));
      await log.trim();
      expect(await keptOf(log, "rooms/1")).toHaveLength(5);
      await log.setRules(rules({ "rooms/*": { age: HOUR }, "lists/*": { entries: 1 } }));
      await log.trim();
      expect(await keptOf(log, "rooms/1")).toEqual(["1", "2", "3"]);
      expect(await keptOf(log, "lists/1")).toEqual(["5"]);
      expect(await keptOf(log, "other")).toEqual(["1", "2"]);
    },
  },
  {
    law: "retention",
    title: "a rule that becomes longer keeps what the former one would drop now",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      await log.setRules(rules({ "rooms/*": { age: HOUR, entries: 2 } }));
      await log.append(numbered("rooms/1", 2));
      await log.trim();
      await log.append([reliable("rooms/1", "3")]);
      clock.move(HOUR);
      // Rules that were in force only between two trims have dropped nothing.
      await log.setRules(rules({ "rooms/*": { age: 1, entries: 0 } }));
      await log.setRules(rules({ "rooms/*": { age: 2 * HOUR, entries: 3 } }));
      await log.trim();
      expect(await keptOf(log, "rooms/1")).toEqual(["1", "2", "3"]);
      clock.move(HOUR);
      await log.trim();
      expect(await keptOf(log, "rooms/1")).toEqual([]);
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "what a rule drops is a hole in its own channel only",
    async run({ open }) {
      const { log } = await open({});
      await log.setRules(rules({ "rooms/*": { entries: 1 } }));
      const [, second] = await publish(log, ...numbered("rooms/1", 3), ...numbered("other", 3));
      await log.trim();
      const page = await log.read(await startOf(log), ["rooms/1", "other", "rooms/2"], WIDE);
      expect(page.holes).toEqual([{ channel: "rooms/1", reason: "trimmed", to: second?.seq }]);
    },
  },
  {
    law: "retention",
    title: "malformed rules are refused, and the former ones hold",
    async run({ open }) {
      const { log } = await open({});
      await log.setRules(rules({ a: { entries: 1 } }));
      for (const pattern of ["", "/a", "a/", "a//b", "rooms/:id", "a*", "a b", "(a)"]) {
        await expect(log.setRules(rules({ [pattern]: { entries: 5 } }))).rejects.toThrow(TypeError);
      }
      for (const keep of [{ entries: -1 }, { age: Number.NaN }]) {
        await expect(log.setRules(rules({ a: keep }))).rejects.toThrow(RangeError);
        await expect(log.setRules(rules({}, keep))).rejects.toThrow(RangeError);
      }
      await log.append(numbered("a", 3));
      await log.trim();
      expect(await keptOf(log, "a")).toEqual(["3"]);
    },
  },
];

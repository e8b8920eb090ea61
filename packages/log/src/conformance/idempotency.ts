import { expect } from "vitest";
import { IDEMPOTENCY_AGE } from "../event-log.ts";
import type { Law } from "./law.ts";
import { ManualClock, MINUTE } from "./manual-clock.ts";
import { latest, numbered, publish, reliable } from "./publishing.ts";
import { dataOf, readToEnd, startOf } from "./reading.ts";

export const idempotencyLaws: readonly Law[] = [
  {
    law: "idempotency",
    title: "a key that was used appends nothing and returns the first cursor",
    async run({ open }) {
      const { log } = await open({});
      const [first] = await publish(log, reliable("a", "1", { idempotencyKey: "once" }), reliable("a", "2"));
      const head = await log.head();
      expect(await log.append([reliable("a", "3", { idempotencyKey: "once" })])).toEqual([
        { cursor: first, duplicate: true },
      ]);
      expect(await log.head()).toEqual(head);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1", "2"]);
    },
  },
  {
    law: "idempotency",
    title: "a key is scoped to its channel",
    async run({ open }) {
      const { log } = await open({});
      const appended = await log.append([
        reliable("a", "1", { idempotencyKey: "once" }),
        reliable("b", "2", { idempotencyKey: "once" }),
        reliable("a b", "3", { idempotencyKey: "c" }),
        reliable("a", "4", { idempotencyKey: "b c" }),
        reliable("__proto__", "5", { idempotencyKey: "constructor" }),
      ]);
      expect(appended.map(({ duplicate }) => duplicate)).toEqual([false, false, false, false, false]);
      expect(dataOf(await readToEnd(log, await startOf(log), null))).toEqual(["1", "2", "3", "4", "5"]);
    },
  },
  {
    law: "idempotency",
    title: "a key that comes twice in one batch appends once",
    async run({ open }) {
      const { log } = await open({});
      const [first, again, next] = await log.append([
        reliable("a", "1", { idempotencyKey: "once" }),
        reliable("a", "2", { idempotencyKey: "once" }),
        reliable("a", "3"),
      ]);
      expect(first).toMatchObject({ duplicate: false });
      expect(again).toEqual({ cursor: first?.cursor, duplicate: true });
      expect(next).toMatchObject({ duplicate: false });
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1", "3"]);
    },
  },
  {
    law: "idempotency",
    title: "of concurrent appends with one key, from two handles, exactly one appends",
    async run({ open }) {
      const { log, another } = await open({});
      const other = await another();
      const appending = [log, other, log, other].map((handle) =>
        handle.append([reliable("a", "1", { idempotencyKey: "once" })]),
      );
      const appended = (await Promise.all(appending)).flat();
      expect(appended.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(new Set(appended.map(({ cursor }) => cursor.seq)).size).toBe(1);
      expect((await readToEnd(log, await startOf(log), ["a"])).entries).toHaveLength(1);
    },
  },
  {
    law: "idempotency",
    title: "a key is remembered after its entry was trimmed or superseded",
    async run({ open }) {
      const { log } = await open({ keep: { entries: 1 } });
      const retried = [
        reliable("a", "1", { idempotencyKey: "once" }),
        latest("a", "x", "1", { idempotencyKey: "value" }),
      ];
      const [trimmed, superseded] = await publish(log, ...retried);
      await publish(log, ...numbered("a", 3), latest("a", "x", "2"));
      await log.trim();
      expect(await log.append(retried)).toEqual([
        { cursor: trimmed, duplicate: true },
        { cursor: superseded, duplicate: true },
      ]);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["3", "2"]);
    },
  },
  {
    law: "idempotency",
    title: "a key is remembered for at least ten minutes, and as long as its entry is kept",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ keep: { entries: 1 }, now: clock.now });
      const retried = reliable("a", "1", { idempotencyKey: "trimmed" });
      const kept = reliable("b", "2", { idempotencyKey: "kept" });
      await publish(log, retried, ...numbered("a", 3), kept);
      clock.move(IDEMPOTENCY_AGE - 1);
      await log.trim();
      expect(await log.append([retried])).toMatchObject([{ duplicate: true }]);
      clock.move(MINUTE);
      await log.trim();
      expect(await log.append([kept])).toMatchObject([{ duplicate: true }]);
    },
  },
];

import { expect } from "vitest";
import type { Cursor } from "@tidings/protocol";
import type { Appended, EventLog, NewEntry } from "../event-log.ts";
import type { Law } from "./law.ts";
import { ManualClock, MINUTE } from "./manual-clock.ts";
import { latest, publish, reliable } from "./publishing.ts";
import { currentToEnd, dataOf, readToEnd, startOf } from "./reading.ts";

/** Expects that a batch is refused because of a value that stands at `cursor`, and that nothing of it is appended. */
async function expectConflict(log: EventLog, batch: readonly NewEntry[], cursor: Cursor | null): Promise<void> {
  const head = await log.head();
  await expect(log.append(batch)).rejects.toMatchObject({ name: "ConflictError", cursor });
  expect(await log.head()).toEqual(head);
}

/** Appends one entry and returns its position. */
async function place(log: EventLog, entry: NewEntry): Promise<Cursor> {
  const [cursor] = await publish(log, entry);
  if (cursor === undefined) throw new Error("expected a position");
  return cursor;
}

export const expectsLaws: readonly Law[] = [
  {
    law: "expects",
    title: "a value is replaced only where it is expected, and a conflict says where it stands",
    async run({ open }) {
      const { log } = await open({});
      const first = await place(log, latest("a", "x", "1"));
      const second = await place(log, latest("a", "x", "2", { expects: first }));
      await expectConflict(log, [latest("a", "x", "3", { expects: first })], second);
      await place(log, latest("a", "x", "4", { expects: second }));
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["4"]);
    },
  },
  {
    law: "expects",
    title: "null expects that there is no value: none was published, or it was withdrawn",
    async run({ open }) {
      const { log } = await open({});
      const first = await place(log, latest("a", "x", "1", { expects: null }));
      await expectConflict(log, [latest("a", "x", "2", { expects: null })], first);
      await place(log, latest("a", "x", null));
      await expectConflict(log, [latest("a", "x", "3", { expects: first })], null);
      await place(log, latest("a", "x", "4", { expects: null }));
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["4"]);
    },
  },
  {
    law: "expects",
    title: "a value that has expired is none, even before it is withdrawn",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log } = await open({ now: clock.now });
      const first = await place(log, latest("a", "x", "1", { expires: MINUTE }));
      clock.move(MINUTE - 1);
      await expectConflict(log, [latest("a", "x", "2", { expects: null })], first);
      clock.move(1);
      await expectConflict(log, [latest("a", "x", "3", { expects: first })], null);
      const second = await place(log, latest("a", "x", "4", { expects: null, expires: MINUTE }));
      clock.move(MINUTE);
      await log.trim();
      await expectConflict(log, [latest("a", "x", "5", { expects: second })], null);
      await place(log, latest("a", "x", "6", { expects: null }));
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["6"]);
    },
  },
  {
    law: "expects",
    title: "nothing of a batch is appended if one of its conditions does not hold",
    async run({ open }) {
      const { log } = await open({});
      const first = await place(log, latest("a", "x", "1"));
      const batch = [
        reliable("a", "2"),
        latest("a", "x", "3", { expects: first }),
        latest("b", "x", "4", { expects: first }),
        reliable("b", "5", { idempotencyKey: "once" }),
      ];
      await expectConflict(log, batch, null);
      expect(dataOf(await readToEnd(log, await startOf(log), null))).toEqual(["1"]);
      // Its idempotency key was not used either.
      expect(await log.append([reliable("b", "6", { idempotencyKey: "once" })])).toMatchObject([{ duplicate: false }]);
    },
  },
  {
    law: "expects",
    title: "the conditions of a batch are about the log before the batch",
    async run({ open }) {
      const { log } = await open({});
      const first = await place(log, latest("a", "x", "1"));
      await log.append([
        latest("a", "x", "2", { expects: first }),
        latest("a", "x", "3", { expects: first }),
        latest("a", "y", "4", { expects: null }),
        latest("a", "y", "5", { expects: null }),
      ]);
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual(["3", "5"]);
    },
  },
  {
    law: "expects",
    title: "a condition is about one key of one channel and type",
    async run({ open }) {
      const { log } = await open({});
      const first = await place(log, latest("a", "x", "1"));
      await publish(
        log,
        latest("a", "y", "2", { expects: null }),
        latest("b", "x", "3", { expects: null }),
        latest("a", "x", "4", { expects: null, type: "other" }),
        { channel: "a", type: "state", mode: "latest", data: "5", expects: null },
        latest("a", "x", "6", { expects: first }),
      );
      expect(dataOf(await currentToEnd(log, ["a", "b"]))).toEqual(["2", "3", "4", "5", "6"]);
    },
  },
  {
    law: "expects",
    title: "an expected position is of an epoch, too",
    async run({ open }) {
      const { log } = await open({});
      const first = await place(log, latest("a", "x", "1"));
      await expectConflict(log, [latest("a", "x", "2", { expects: { epoch: "other", seq: first.seq } })], first);
      await expectConflict(log, [latest("a", "x", "2", { expects: { ...first, seq: first.seq + 1 } })], first);
    },
  },
  {
    law: "expects",
    title: "a withdrawal can expect a value, too",
    async run({ open }) {
      const { log } = await open({});
      const first = await place(log, latest("a", "x", "1"));
      const second = await place(log, latest("a", "x", "2"));
      await expectConflict(log, [latest("a", "x", null, { expects: first })], second);
      await place(log, latest("a", "x", null, { expects: second }));
      expect(dataOf(await currentToEnd(log, ["a"]))).toEqual([]);
    },
  },
  {
    law: "expects",
    title: "a retry with its idempotency key is answered with the first append, although the value has moved on",
    async run({ open }) {
      const { log } = await open({});
      const entry = latest("a", "x", "1", { expects: null, idempotencyKey: "once" });
      const first = await place(log, entry);
      expect(await log.append([entry])).toEqual([{ cursor: first, duplicate: true }]);
      await place(log, latest("a", "x", "2"));
      expect(await log.append([entry])).toEqual([{ cursor: first, duplicate: true }]);
    },
  },
  {
    law: "expects",
    title: "of several handles that expect the same value at the same time, one replaces it",
    async run({ open }) {
      const { log, another } = await open({});
      const handles = [log, await another()];
      let expects: Cursor | null = null;
      for (let round = 0; round < 5; round++) {
        const batch = [latest("a", "x", `${round}`, { expects }), reliable("a", `${round}`)];
        const appending = [...handles, ...handles].map((handle) => handle.append(batch));
        const attempts: PromiseSettledResult<readonly Appended[]>[] = await Promise.allSettled(appending);
        const won = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
        const lost = attempts.flatMap((each): unknown[] => (each.status === "rejected" ? [each.reason] : []));
        expect([won.length, lost.length]).toEqual([1, 3]);
        expects = won[0]?.[0]?.cursor ?? null;
        for (const error of lost) expect(error).toMatchObject({ name: "ConflictError", cursor: expects });
      }
      const { entries } = await readToEnd(log, await startOf(log), ["a"]);
      expect(entries.filter(({ mode }) => mode === "reliable")).toHaveLength(5);
    },
  },
  {
    law: "expects",
    title: "a new process goes on from the values that it finds",
    only: { survivesReopen: true },
    async run({ open }) {
      const { log, reopen } = await open({});
      const first = await place(log, latest("a", "x", "1"));
      const again = await reopen();
      await expectConflict(again, [latest("a", "x", "2", { expects: null })], first);
      await place(again, latest("a", "x", "3", { expects: first }));
    },
  },
  {
    law: "expects",
    title:
      "of four handles that expect the same value at the same time, one replaces it, and the others append nothing",
    async run({ open }) {
      const { log, another } = await open({});
      const handles = [log, await another(), await another(), await another()];
      let expects: Cursor | null = null;
      for (let round = 0; round < 20; round++) {
        const batch: NewEntry[] = [reliable("b", `${round}`), latest("a", "x", `${round}`, { expects })];
        const attempts: PromiseSettledResult<readonly Appended[]>[] = await Promise.allSettled(
          handles.map((handle) => handle.append(batch)),
        );
        const won = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
        expect(won).toHaveLength(1);
        expects = won[0]?.[1]?.cursor ?? null;
        for (const each of attempts) {
          if (each.status === "rejected") expect(each.reason).toMatchObject({ name: "ConflictError" });
        }
      }
      expect((await log.recent(["b"], 1_000)).entries).toHaveLength(20);
    },
  },
];

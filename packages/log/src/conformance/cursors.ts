import { formatCursor, isLogEpoch, parseCursor, type Cursor } from "@tidings/protocol";
import { expect } from "vitest";
import type { EventLog, Hole, Page } from "../event-log.ts";
import type { Law } from "./law.ts";
import { latest, numbered, publish, reliable } from "./publishing.ts";
import { dataOf, readToEnd, seqsOf, startOf, WIDE } from "./reading.ts";

const FOREIGN = "anotherEpoch";

/** Expects the answer to an invalid position. */
async function expectRefused(
  log: EventLog,
  page: Page,
  reason: Hole["reason"],
  channels: readonly string[],
): Promise<void> {
  const head = await log.head();
  expect(page).toEqual({
    entries: [],
    next: head,
    more: false,
    holes: channels.map((channel) => ({ channel, reason, to: head.seq })),
  });
}

/** Calls a method with positions of another epoch and with one after the head. */
async function expectValidated(log: EventLog, call: (position: Cursor) => Promise<Page>): Promise<void> {
  const { epoch, seq } = await log.head();
  await expectRefused(log, await call({ epoch: FOREIGN, seq }), "reset", ["a", "b"]);
  await expectRefused(log, await call({ epoch: FOREIGN, seq: 0 }), "reset", ["a", "b"]);
  await expectRefused(log, await call({ epoch: FOREIGN, seq: seq + 1 }), "reset", ["a", "b"]);
  await expectRefused(log, await call({ epoch, seq: seq + 1 }), "lost", ["a", "b"]);
}

export const cursorLaws: readonly Law[] = [
  {
    law: "law 2: the log validates cursors",
    title: "read() refuses a cursor of another epoch, or after the head, in the same call",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, ...numbered("a", 3), ...numbered("b", 2));
      await expectValidated(log, (position) => log.read(position, ["a", "b"], WIDE));
    },
  },
  {
    law: "law 2: the log validates cursors",
    title: "recent() refuses such a cursor, too",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, ...numbered("a", 3), ...numbered("b", 2));
      await expectValidated(log, (position) => log.recent(["a", "b"], 10, position));
    },
  },
  {
    law: "law 2: the log validates cursors",
    title: "current() refuses such a cursor, too",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, latest("a", "", '"x"'), latest("b", "", '"y"'));
      await expectValidated(log, (position) => log.current(["a", "b"], position, WIDE));
    },
  },
  {
    law: "law 2: the log validates cursors",
    title: "an empty log refuses a position after its head",
    async run({ open }) {
      const { log } = await open({});
      const { epoch, seq } = await log.head();
      await expectRefused(log, await log.read({ epoch, seq: seq + 1 }, ["a"], WIDE), "lost", ["a"]);
    },
  },
  {
    law: "law 2: the log validates cursors",
    title: "a refused read of every channel names the channels that exist, and its next has the log's epoch",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, reliable("a"), reliable("b"));
      const page = await log.read({ epoch: FOREIGN, seq: 1 }, null, WIDE);
      expect(page.entries).toEqual([]);
      expect(page.next).toEqual(await log.head());
      expect(page.holes.map(({ channel, reason }) => `${channel} ${reason}`).toSorted()).toEqual([
        "a reset",
        "b reset",
      ]);
    },
  },
  {
    law: "law 2: the log validates cursors",
    title: "a reader can read on from the next of a refused read",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, ...numbered("a", 3));
      const { next } = await log.read({ epoch: FOREIGN, seq: 1 }, ["a"], WIDE);
      await publish(log, reliable("a", '"new"'));
      expect(dataOf(await log.read(next, ["a"], WIDE))).toEqual(['"new"']);
    },
  },
  {
    law: "law 3: a cursor is an epoch and a position",
    title: "two logs have different epochs, even with the same entries",
    async run({ open }) {
      const logs = [(await open({})).log, (await open({})).log, (await open({})).log];
      for (const log of logs) await publish(log, reliable("a"));
      const heads = await Promise.all(logs.map((log) => log.head()));
      expect(new Set(heads.map(({ epoch }) => epoch)).size).toBe(3);
    },
  },
  {
    law: "law 3: a cursor is an epoch and a position",
    title: "every cursor is one token, and every entry has the cursor that append returned",
    async run({ open }) {
      const { log } = await open({});
      const cursors = [await log.head(), ...(await publish(log, reliable("a"), reliable("b"))), await log.head()];
      for (const cursor of cursors) expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
      const { entries } = await log.read(await startOf(log), null, WIDE);
      expect(entries.map(({ epoch, seq }) => ({ epoch, seq }))).toEqual(cursors.slice(1, 3));
    },
  },
  {
    law: "law 3: a cursor is an epoch and a position",
    title: "an epoch leaves room for the cursors of parts: 24 characters at most, and no two hyphens in a row",
    async run({ open }) {
      const { log } = await open({});
      const positions = [await log.head(), ...(await publish(log, reliable("a")))];
      for (const { epoch } of positions) expect(isLogEpoch(epoch)).toBe(true);
    },
  },
  {
    law: "law 3: a cursor is an epoch and a position",
    title: "there is one sequence for all channels",
    async run({ open }) {
      const { log } = await open({});
      const seqs = seqsOf(await publish(log, reliable("a"), reliable("b"), latest("c", "", "1"), reliable("a")));
      expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other));
      expect(seqsOf((await log.read(await startOf(log), null, WIDE)).entries)).toEqual(seqs);
    },
  },
  {
    law: "law 4: an epoch has an end",
    title: "the end of the epoch and every position before it are valid",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, ...numbered("a", 3));
      const { epoch, seq } = await log.head();
      for (let position = 0; position <= seq; position++) {
        expect((await log.read({ epoch, seq: position }, ["a"], WIDE)).holes).toEqual([]);
      }
      expect(await log.read({ epoch, seq }, ["a"], WIDE)).toEqual({
        entries: [],
        next: { epoch, seq },
        more: false,
        holes: [],
      });
    },
  },
  {
    law: "law 4: an epoch has an end",
    title: "a log that survives a restart still accepts every position",
    only: { survivesReopen: true },
    async run({ open }) {
      const { log, reopen } = await open({});
      const [first] = await publish(
        log,
        reliable("a", "1", { idempotencyKey: "once" }),
        reliable("a", "2"),
        latest("a", "", "3"),
      );
      const head = await log.head();
      const reopened = await reopen();
      expect(await reopened.head()).toEqual(head);
      expect(dataOf(await readToEnd(reopened, await startOf(log), ["a"]))).toEqual(["1", "2", "3"]);
      expect(dataOf(await reopened.current(["a"], null, WIDE))).toEqual(["3"]);
      expect(await reopened.append([reliable("a", "1", { idempotencyKey: "once" })])).toEqual([
        { cursor: first, duplicate: true },
      ]);
    },
  },
  {
    law: "law 4: an epoch has an end",
    title: "a log that ends with its process refuses every earlier position, even a seq that it has reached again",
    only: { survivesReopen: false },
    async run({ open }) {
      const { log, reopen } = await open({});
      const before = await publish(log, ...numbered("a", 3));
      const reopened = await reopen();
      await publish(reopened, ...numbered("a", 5));
      for (const position of before) {
        await expectRefused(reopened, await reopened.read(position, ["a"], WIDE), "reset", ["a"]);
      }
    },
  },
];

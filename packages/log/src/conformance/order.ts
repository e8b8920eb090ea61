import { expect } from "vitest";
import type { Entry, EventLog } from "../event-log.ts";
import { Follower } from "./follower.ts";
import type { Law } from "./law.ts";
import { latest, numbered, publish, reliable, volatile } from "./publishing.ts";
import { dataOf, readToEnd, seqsOf, startOf, WIDE } from "./reading.ts";

/** How many batches each of several publishers appends, one after the other. */
const ROUNDS = 15;

async function appendOften(log: EventLog, channel: string, size: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await log.append(numbered(channel, size));
}

export const orderLaws: readonly Law[] = [
  {
    law: "law 5: append order is visibility order",
    title: "appends that are not awaited are in the order of the calls",
    async run({ open }) {
      const { log } = await open({});
      const batches = Array.from({ length: 30 }, (_, index) => numbered(`rooms/${index % 3}`, 1 + (index % 4)));
      const appended = await Promise.all(batches.map((batch) => log.append(batch)));
      const seqs = seqsOf(appended.flat().map(({ cursor }) => cursor));
      expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other));
      const { entries } = await readToEnd(log, await startOf(log), null);
      expect(seqsOf(entries)).toEqual(seqs);
      expect(dataOf({ entries })).toEqual(batches.flat().map(({ data }) => data));
    },
  },
  {
    law: "law 5: append order is visibility order",
    title: "no entry appears later before a reader's position, and a batch is visible as a whole",
    async run({ open }) {
      const { log, another } = await open({});
      const other = await another();
      const start = await startOf(log);
      const seen: Entry[] = [];
      let next = start;
      const appending: Promise<unknown>[] = [];
      const follow = async (): Promise<void> => {
        const page = await log.read(next, null, WIDE);
        expect(page.entries.length % 3, "a reader sees all three entries of a batch, or none").toBe(0);
        seen.push(...page.entries);
        next = page.next;
      };
      for (let round = 0; round < 20; round++) {
        appending.push(log.append(numbered("a", 3)), other.append(numbered("b", 3)));
        await follow();
      }
      await Promise.all(appending);
      await follow();
      expect(seen).toHaveLength(120);
      expect(seqsOf(seen)).toEqual(seqsOf((await readToEnd(log, start, null)).entries));
    },
  },
  {
    law: "law 5: append order is visibility order",
    title: "while four handles append at full speed, what a follower gets is the final list",
    async run({ open }) {
      const { log, another } = await open({});
      const start = await startOf(log);
      const handles = [log, await another(), await another(), await another()];
      const followers = [new Follower(await another(), start), new Follower(await another(), start)];
      await Promise.all(
        handles.flatMap((handle, index) => [
          appendOften(handle, `rooms/${index}`, 1),
          appendOften(handle, `rooms/${index}`, 20),
        ]),
      );
      const final = await readToEnd(log, start, null);
      expect(final.entries).toHaveLength(handles.length * ROUNDS * 21);
      for (const follower of followers) {
        await follower.reach(final.next);
        expect(follower.holes).toEqual([]);
        expect(seqsOf(follower.entries)).toEqual(seqsOf(final.entries));
      }
    },
  },
  {
    law: "append",
    title: "the entries of a batch have consecutive positions, while other handles append, too",
    async run({ open }) {
      const { log, another } = await open({});
      const other = await another();
      const appending = Array.from({ length: 40 }, (_, index) => {
        const batch =
          index % 4 === 0 ? [volatile("b"), latest("b", "x", "1"), latest("b", "x", "2")] : numbered("a", 4);
        return (index % 2 === 0 ? log : other).append(batch);
      });
      for (const appended of await Promise.all(appending)) {
        const seqs = seqsOf(appended.map(({ cursor }) => cursor));
        const [first = 0] = seqs;
        expect(seqs).toEqual(seqs.map((_, index) => first + index));
      }
    },
  },
  {
    law: "law 6: acked is appended",
    title: "acknowledged entries can be read at once, through every handle",
    async run({ open }) {
      const { log, another } = await open({});
      const other = await another();
      for (let round = 0; round < 10; round++) {
        const before = await log.head();
        const [appended] = await log.append([reliable("a", `${round}`)]);
        expect(await log.head()).toEqual(appended?.cursor);
        for (const handle of [log, other]) expect(dataOf(await handle.read(before, ["a"], WIDE))).toEqual([`${round}`]);
      }
    },
  },
  {
    law: "law 5: append order is visibility order",
    title: "what a handle appends after it has asked for the head is behind that head, though neither is awaited",
    async run({ open }) {
      const { log } = await open({});
      for (let round = 0; round < 100; round++) {
        // In every second round, others keep connections of the log busy.
        const others = Array.from({ length: 3 * (round % 2) }, () => log.recent(["a"], 1));
        const [head, appended] = await Promise.all([log.head(), log.append([reliable("a", `${round}`)])]);
        expect(head.seq).toBeLessThan(appended[0]?.cursor.seq ?? 0);
        await Promise.all(others);
      }
    },
  },
  {
    law: "append",
    title: "a batch that cannot be appended as a whole is not appended at all",
    async run({ open }) {
      const { log } = await open({});
      const fine = reliable("a", "1", { idempotencyKey: "once" });
      const broken = {
        ...reliable("a"),
        get data(): string {
          throw new Error("this entry cannot be read");
        },
      };
      await expect(log.append([fine, broken])).rejects.toThrow("this entry cannot be read");
      expect((await readToEnd(log, await startOf(log), null)).entries).toEqual([]);
      expect(await log.append([fine])).toMatchObject([{ duplicate: false }]);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1"]);
    },
  },
  {
    law: "append",
    title: "an empty batch appends nothing",
    async run({ open }) {
      const { log } = await open({});
      const head = await log.head();
      expect(await log.append([])).toEqual([]);
      expect(await log.head()).toEqual(head);
    },
  },
  {
    law: "append",
    title: "an entry is read as it was appended, whatever its texts are",
    async run({ open }) {
      const { log } = await open({});
      const texts = [
        "plain",
        "a b",
        "a:b",
        "%2F",
        'it\'s "quoted"',
        "line\nbreak",
        "日本",
        "🎉",
        "__proto__",
        "*>.{hub}",
        "",
      ];
      for (const text of texts) {
        // The name of a channel has no line break.
        const channel = `rooms/${text.replace("\n", " ")}`;
        const [cursor] = await publish(log, {
          channel,
          type: "constructor",
          mode: "latest",
          key: text,
          data: JSON.stringify(text),
        });
        const { entries } = await log.read(await startOf(log), [channel], WIDE);
        expect(entries).toEqual([
          {
            ...cursor,
            channel,
            type: "constructor",
            mode: "latest",
            key: text,
            at: expect.any(Number) as number,
            data: JSON.stringify(text),
          },
        ]);
      }
      await publish(log, reliable("plain"));
      const [entry] = (await log.read(await startOf(log), ["plain"], WIDE)).entries;
      expect(Object.keys(entry ?? {}).toSorted()).toEqual(["at", "channel", "data", "epoch", "mode", "seq", "type"]);
    },
  },
  {
    law: "append",
    title: "changing a batch after the call of append changes nothing",
    async run({ open }) {
      const { log } = await open({});
      const entry = { ...reliable("a", "1") };
      const batch = [entry];
      const appending = log.append(batch);
      Object.assign(entry, { channel: "b", data: "2" });
      batch.length = 0;
      expect(await appending).toHaveLength(1);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1"]);
    },
  },
];

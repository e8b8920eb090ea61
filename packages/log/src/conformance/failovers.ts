import { expect } from "vitest";
import type { Law } from "./law.ts";
import { latest, numbered, publish, reliable } from "./publishing.ts";
import { currentToEnd, dataOf, readToEnd, WIDE } from "./reading.ts";
import { nextWake, quiet, untilDone } from "./waking.ts";

export const failoverLaws: readonly Law[] = [
  {
    law: "law 4: an epoch has an end",
    title: "after a failover, a trim tells who has seen a lost entry, and nobody else has a gap",
    needs: ["loseSuffix"],
    async run({ open }) {
      const { log, reopen, loseSuffix } = await open({});
      await publish(log, ...numbered("a", 20));
      const laggard = await log.head();
      let reader = laggard;
      await loseSuffix(async () => {
        await publish(log, ...Array.from({ length: 5 }, () => reliable("a", '"lost"')));
        reader = await log.head();
      });
      const after = await reopen();
      // Nothing is published yet: a reader that only listens has to hear of it, too.
      await untilDone(() => after.trim());
      const head = await after.head();
      expect(head.epoch).not.toBe(reader.epoch);
      expect(head.seq).toBe(laggard.seq);
      const lost = { entries: [], more: false, holes: [{ channel: "a", reason: "lost" }] };
      expect(await after.read(reader, ["a"], WIDE)).toMatchObject(lost);
      // The positions of the lost entries are given out again.
      const cursors = await publish(
        after,
        ...Array.from({ length: 10 }, (_, index) => reliable("a", `"new ${index}"`)),
      );
      expect(await after.read(reader, ["a"], WIDE)).toMatchObject(lost);
      const page = await after.read(laggard, ["a"], WIDE);
      expect(page.holes).toEqual([]);
      expect(page.entries.map(({ epoch, seq }) => ({ epoch, seq }))).toEqual(cursors);
    },
  },
  {
    law: "law 4: an epoch has an end",
    title: "after a failover, the first append begins an epoch without a trim",
    needs: ["loseSuffix"],
    async run({ open }) {
      const { log, reopen, loseSuffix } = await open({});
      await publish(log, reliable("a", "1"));
      let reader = await log.head();
      await loseSuffix(async () => {
        await publish(log, reliable("a", '"lost"'));
        reader = await log.head();
      });
      const after = await reopen();
      await untilDone(() => after.append(numbered("a", 3)));
      expect((await after.read(reader, ["a"], WIDE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
    },
  },
  {
    law: "expects",
    title: "after a failover, a position that was lost is not that of the value which stands there now",
    needs: ["loseSuffix"],
    async run({ open }) {
      const { log, reopen, loseSuffix } = await open({});
      const [first] = await publish(log, latest("a", "x", "1"));
      let lost = await log.head();
      await loseSuffix(async () => {
        await publish(log, latest("a", "x", "2", { expects: first ?? null }));
        lost = await log.head();
      });
      const after = await reopen();
      const [second] = await untilDone(() => publish(after, latest("a", "x", "3", { expects: first ?? null })));
      expect(second?.seq).toBe(lost.seq);
      const late = after.append([latest("a", "x", "4", { expects: lost })]);
      await expect(late).rejects.toMatchObject({ name: "ConflictError", cursor: second });
      await publish(after, latest("a", "x", "5", { expects: second ?? null }));
      expect(dataOf(await currentToEnd(after, ["a"]))).toEqual(["5"]);
    },
  },
  {
    law: "ends",
    title: "after a failover, an end that is there is still one, and a channel whose end was lost goes on",
    needs: ["loseSuffix"],
    async run({ open }) {
      const { log, reopen, loseSuffix } = await open({});
      await publish(log, reliable("a", "1", { type: "end" }));
      await loseSuffix(() => publish(log, reliable("b", '"lost"', { type: "end" })));
      const after = await reopen();
      await untilDone(() => publish(after, reliable("b", "2")));
      await expect(after.append([reliable("a")])).rejects.toMatchObject({ name: "EndedError" });
      await publish(after, reliable("b", "3", { type: "end" }));
      await expect(after.append([reliable("b")])).rejects.toMatchObject({ name: "EndedError" });
      expect(dataOf(await currentToEnd(after, ["a", "b"]))).toEqual(["1", "3"]);
    },
  },
  {
    law: "law 6: acked is appended",
    title: "a storage that is killed and started again has what was acknowledged, costs nobody a gap, and rings again",
    needs: ["restart"],
    async run({ open }) {
      const { log, another, restart } = await open({});
      const other = await another();
      log.watch(() => {});
      const once = reliable("a", "1", { idempotencyKey: "once" });
      const [first] = await log.append([once]);
      await publish(log, ...numbered("a", 3));
      const reader = await log.head();
      await restart();
      expect(await untilDone(() => log.append([once]))).toEqual([{ cursor: first?.cursor, duplicate: true }]);
      await untilDone(() => other.append([reliable("a", "4", { idempotencyKey: "4" })]));
      const start = { ...(first?.cursor ?? reader), seq: 0 };
      const { entries, holes } = await readToEnd(log, start, ["a"]);
      expect(dataOf({ entries })).toEqual(["1", "1", "2", "3", "4"]);
      expect(holes).toEqual([]);
      expect(await log.read(reader, ["a"], WIDE)).toMatchObject({ entries: [{ data: "4" }], holes: [] });
      await quiet(log);
      const woken = nextWake(log);
      await publish(other, reliable("a", "5"));
      expect(await woken).toBe(true);
    },
  },
];

import { expect } from "vitest";
import type { Law } from "./law.ts";
import { ManualClock, MINUTE } from "./manual-clock.ts";
import { latest, publish, reliable } from "./publishing.ts";
import { dataOf, readToEnd, startOf } from "./reading.ts";
import { nextWake, quiet } from "./waking.ts";

export const doorbellLaws: readonly Law[] = [
  {
    law: "law 10: the doorbell",
    title: "it wakes a watcher when an entry was appended, and the entry can be read then",
    async run({ open }) {
      const { log } = await open({});
      for (const data of ["1", "2", "3"]) {
        const woken = nextWake(log);
        const before = await log.head();
        await publish(log, reliable("a", data));
        expect(await woken).toBe(true);
        expect(dataOf(await readToEnd(log, before, ["a"]))).toEqual([data]);
      }
    },
  },
  {
    law: "law 10: the doorbell",
    title: "after a quiet time, it wakes a watcher for what another handle appends",
    async run({ open }) {
      const { log, another } = await open({});
      const other = await another();
      await quiet(log);
      for (const data of ["1", "2", "3"]) {
        const before = await log.head();
        const woken = nextWake(log);
        await publish(other, reliable("a", data));
        expect(await woken).toBe(true);
        expect(dataOf(await readToEnd(log, before, ["a"]))).toEqual([data]);
      }
    },
  },
  {
    law: "law 10: the doorbell",
    title: "after a quiet time, it wakes a watcher for the value that another handle withdraws",
    only: { heedsClock: true },
    async run({ open }) {
      const clock = new ManualClock();
      const { log, another } = await open({ now: clock.now });
      const other = await another();
      const [seen] = await publish(log, latest("a", "x", "1", { expires: MINUTE }));
      if (seen === undefined) throw new Error("expected a position");
      await other.trim();
      clock.move(MINUTE);
      await quiet(log);
      const woken = nextWake(log);
      await other.trim();
      expect(await woken).toBe(true);
      expect(dataOf(await readToEnd(log, seen, ["a"]))).toEqual([null]);
    },
  },
  {
    law: "law 10: the doorbell",
    title: "when its connection was cut, it comes back: it wakes for what comes meanwhile, and for what comes later",
    needs: ["cutDoorbell"],
    async run({ open }) {
      const { log, another, cutDoorbell } = await open({});
      const other = await another();
      log.watch(() => {});
      for (const data of ["1", "2"]) {
        await cutDoorbell();
        const woken = nextWake(log);
        await publish(other, reliable("a", data));
        expect(await woken).toBe(true);
      }
      await quiet(log);
      const woken = nextWake(log);
      await publish(other, reliable("a", "3"));
      expect(await woken).toBe(true);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1", "2", "3"]);
    },
  },
  {
    law: "law 10: the doorbell",
    title: "a watcher that throws disturbs neither the append nor the other watchers",
    async run({ open }) {
      const { log } = await open({});
      log.watch(() => {
        throw new Error("a watcher that throws");
      });
      const woken = nextWake(log);
      expect(await publish(log, reliable("a", "1"))).toHaveLength(1);
      expect(await woken).toBe(true);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1"]);
    },
  },
  {
    law: "law 10: the doorbell",
    title: "a function that watches twice is still woken after one of the two watches has ended",
    async run({ open }) {
      const { log } = await open({});
      let wakes = 0;
      const wake = (): void => {
        wakes++;
      };
      const endFirst = log.watch(wake);
      const endSecond = log.watch(wake);
      endFirst();
      endFirst();
      const others = [nextWake(log), nextWake(log)];
      await publish(log, reliable("a"));
      await Promise.all(others);
      expect(wakes).toBeGreaterThan(0);
      endSecond();
      const wakesBefore = wakes;
      const last = nextWake(log);
      await publish(log, reliable("a"));
      expect(await last).toBe(true);
      expect(wakes).toBe(wakesBefore);
    },
  },
  {
    law: "close",
    title: "a closed log appends nothing, wakes nobody, and can be closed again",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, reliable("a", "1"));
      let wakes = 0;
      log.watch(() => {
        wakes++;
      });
      await log.close();
      await expect(log.append([reliable("a", "2")])).rejects.toBeInstanceOf(Error);
      await log.close();
      expect(wakes).toBe(0);
    },
  },
];

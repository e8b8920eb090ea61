import { expect } from "vitest";
import type { EventLog } from "../event-log.ts";
import type { Law } from "./law.ts";
import { publish, reliable } from "./publishing.ts";
import { dataOf, readToEnd, startOf } from "./reading.ts";

/** The longest that a ring may take, in milliseconds: twice the poll that a reader has anyway. */
const DEADLINE = 2_000;

/** Resolves with true when the log rings, with false when it does not in time. */
function ring(log: EventLog): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = (rung: boolean): void => {
      clearTimeout(deadline);
      unwatch();
      resolve(rung);
    };
    const deadline = setTimeout(() => stop(false), DEADLINE);
    const unwatch = log.watch(() => stop(true));
  });
}

export const doorbellLaws: readonly Law[] = [
  {
    law: "law 10: the doorbell",
    title: "it rings when something was appended, and what is read then is there",
    async run({ open }) {
      const { log } = await open({});
      for (const data of ["1", "2", "3"]) {
        const rung = ring(log);
        const before = await log.head();
        await publish(log, reliable("a", data));
        expect(await rung).toBe(true);
        expect(dataOf(await readToEnd(log, before, ["a"]))).toEqual([data]);
      }
    },
  },
  {
    law: "law 10: the doorbell",
    title: "it rings for what another handle appends",
    async run({ open }) {
      const { log, another } = await open({});
      const other = await another();
      const rung = ring(log);
      await publish(other, reliable("a"));
      expect(await rung).toBe(true);
    },
  },
  {
    law: "law 10: the doorbell",
    title: "who throws harms neither the append nor the other watchers",
    async run({ open }) {
      const { log } = await open({});
      log.watch(() => {
        throw new Error("a watcher that throws");
      });
      const rung = ring(log);
      expect(await publish(log, reliable("a", "1"))).toHaveLength(1);
      expect(await rung).toBe(true);
      expect(dataOf(await readToEnd(log, await startOf(log), ["a"]))).toEqual(["1"]);
    },
  },
  {
    law: "law 10: the doorbell",
    title: "one function that watches twice and stops once goes on watching",
    async run({ open }) {
      const { log } = await open({});
      let rings = 0;
      const wake = (): void => void rings++;
      const unwatchFirst = log.watch(wake);
      const unwatchSecond = log.watch(wake);
      unwatchFirst();
      unwatchFirst();
      const [rung, again] = [ring(log), ring(log)];
      await publish(log, reliable("a"));
      await Promise.all([rung, again]);
      expect(rings).toBeGreaterThan(0);
      unwatchSecond();
      const heard = rings;
      const last = ring(log);
      await publish(log, reliable("a"));
      expect(await last).toBe(true);
      expect(rings).toBe(heard);
    },
  },
  {
    law: "close",
    title: "a closed log appends nothing, rings nothing, and can be closed again",
    async run({ open }) {
      const { log } = await open({});
      await publish(log, reliable("a", "1"));
      let rings = 0;
      log.watch(() => void rings++);
      await log.close();
      await expect(log.append([reliable("a", "2")])).rejects.toBeInstanceOf(Error);
      await log.close();
      expect(rings).toBe(0);
    },
  },
];

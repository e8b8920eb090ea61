import { copyFileSync } from "node:fs";
import type { EventLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { driver, entry, everything, temporaryPath, openApplication, openLog } from "../trials/temporary-file.ts";
import { sqliteLog, startEpoch } from "./sqlite-log.ts";

const WIDE = { entries: 100, bytes: 1e6 };

async function appendSome(log: EventLog, ...data: string[]) {
  for (const each of data) await log.append([entry("a", each)]);
  return log.head();
}

describe(`epochs, by ${driver.name}`, () => {
  test("after an older copy was restored, readers of what it lacks get `lost`, and the others read on", async () => {
    const path = temporaryPath();
    const backup = temporaryPath();
    const log = sqliteLog(path);
    const old = await appendSome(log, "1", "2");
    await log.close();
    copyFileSync(path, backup);
    const lost = await appendSome(openLog(path), "lost", "lost, too");

    startEpoch(backup);
    const restored = openLog(backup);
    // At least as many as were lost, so that the lost positions exist again.
    const head = await appendSome(restored, "3", "4", "5");
    expect(head.epoch).not.toBe(lost.epoch);
    expect(head.seq).toBeGreaterThan(lost.seq);
    expect(await restored.read(lost, ["a"], WIDE)).toEqual({
      entries: [],
      next: head,
      more: false,
      holes: [{ channel: "a", reason: "lost", to: head.seq }],
    });
    const rest = await restored.read(old, ["a"], WIDE);
    expect(rest).toMatchObject({ holes: [], next: head, entries: [{ data: '"3"' }, { data: '"4"' }, { data: '"5"' }] });
    expect(rest.entries.map(({ epoch }) => epoch)).toEqual([head.epoch, head.epoch, head.epoch]);
    expect(await everything(restored)).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("an epoch is named with the random numbers that are passed in", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    await appendSome(log, "1");
    startEpoch(path, { random: () => 0.5 });
    expect(await log.head()).toEqual({ epoch: "i".repeat(12), seq: 1 });
  });

  test("of several epochs without entries, the last one counts", async () => {
    // The names are random, so a wrong order can pass by luck once, but hardly eight times.
    for (let round = 0; round < 8; round++) {
      const path = temporaryPath();
      const log = openLog(path);
      const old = await appendSome(log, "1");
      for (let count = 0; count < 3; count++) startEpoch(path);
      const head = await log.head();
      expect(head.seq).toBe(1);
      const [appended] = await log.append([entry("a", "2")]);
      expect(appended?.cursor).toEqual({ epoch: head.epoch, seq: 2 });
      expect(await log.read(appended?.cursor ?? old, ["a"], WIDE)).toMatchObject({ holes: [], entries: [] });
      expect(await log.read(old, ["a"], WIDE)).toMatchObject({ holes: [], entries: [{ seq: 2 }] });
    }
  });

  test("beginning an epoch fails while another handle writes, and the error says so", { timeout: 30_000 }, () => {
    const path = temporaryPath();
    openLog(path);
    const application = openApplication(path);
    application.exec("begin immediate");
    expect(() => startEpoch(path)).toThrow(/database is locked\. Another transaction is writing/);
  });
});

import type { NewEntry } from "@tidings/log";
import { describe, expect, test, vi } from "vitest";
import { driver, entry, everything, temporaryPath, openFile, openLog } from "../trials/temporary-file.ts";
import { Retention } from "./retention.ts";
import { MIGRATIONS } from "./schema.ts";

const MINUTE = 60_000;

function value(key: string, data: string | null, expires?: number): NewEntry {
  const entryOfKey = { channel: "a", type: "state", mode: "latest", key, data } as const;
  return expires === undefined ? entryOfKey : { ...entryOfKey, expires };
}

describe(`retention, by ${driver.name}`, () => {
  test("ten thousand updates of a value leave one row for each key", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    for (let n = 0; n < 20; n++) {
      await log.append(Array.from({ length: 500 }, (_, m) => value(`${m % 4}`, `${n * 500 + m}`)));
    }
    expect(await everything(log)).toEqual(["9996", "9997", "9998", "9999"]);
    expect((await log.stat()).entries).toBe(4);
    expect(openFile(path).prepare("select value_count, bytes from tidings_channel").get()).toMatchObject({
      value_count: 4,
      bytes: 0,
    });
  });

  test("two handles that trim at once, by entries, age and bytes, drop the same as one", async () => {
    const keeps = [{ entries: 700 }, { age: MINUTE }, { bytes: 200_000 }];
    for (const keep of keeps) {
      let time = 0;
      const trimmedBy = async (handles: number) => {
        time = 1_000_000;
        const path = temporaryPath();
        const logs = Array.from({ length: handles }, () => openLog(path, { keep, now: () => time }));
        const [log] = logs;
        if (log === undefined) throw new Error("expected a log");
        for (let n = 0; n < 6; n++) {
          await log.append(Array.from({ length: 400 }, (_, m) => entry(`rooms/${m % 2}`, `${n * 400 + m}`)));
          time += 15_000;
        }
        await Promise.all(logs.map((each) => each.trim()));
        return everything(log);
      };
      const one = await trimmedBy(1);
      expect(one.length).toBeGreaterThan(500);
      expect(one.length).toBeLessThan(2_000);
      expect(one.at(-1)).toBe("2399");
      expect(await trimmedBy(2)).toEqual(one);
    }
  });

  test("a step deletes a bounded number of rows, however much there is to do", async () => {
    const path = temporaryPath();
    const start = 1_000_000;
    const now = { time: start };
    const log = openLog(path, { now: () => now.time });
    const channels = Array.from({ length: 300 }, (_, n) => `rooms/${n}`);
    for (let n = 0; n < 5; n++) await log.append(channels.map((channel) => entry(channel, `${n}`)));
    await log.append(Array.from({ length: 700 }, (_, n) => value(`${n}`, "1", 1_000)));
    await log.append(channels.map((channel) => ({ ...entry(channel, "hint"), mode: "volatile" })));
    now.time += MINUTE;
    const file = openFile(path);
    const pass = new Retention(file, { entries: 2, age: 1e9, bytes: 1e9, emptyChannels: 100 });
    pass.begin(now.time);
    const countRows = () => Number(file.prepare("select count(*) as n from tidings_entry").get()?.["n"]);
    let steps = 0;
    let more = true;
    while (more) {
      const before = countRows();
      more = file.transact("begin immediate", () => pass.step());
      expect(before - countRows()).toBeLessThanOrEqual(200);
      steps++;
    }
    expect(steps).toBeGreaterThan(3);
    // Two entries of each channel, and two withdrawals.
    expect(countRows()).toBe(2 * 300 + 2);
  });

  test("appends come between the steps of a long pass", async () => {
    const log = openLog(temporaryPath(), { keep: { entries: 1 } });
    for (let n = 0; n < 20; n++) await log.append(Array.from({ length: 500 }, () => entry("a", "old")));
    let trimmed = false;
    const trimming = log.trim().then(() => (trimmed = true));
    await log.append([entry("b", "in between")]);
    await log.append([entry("c", "in between, too")]);
    expect(trimmed).toBe(false);
    await trimming;
    expect(await everything(log)).toEqual(["old", "in between", "in between, too"]);
  });

  test("withdrawals are bounded like entries, and a dropped one is a hole", async () => {
    const path = temporaryPath();
    const log = openLog(path, { keep: { entries: 50 } });
    for (let n = 0; n < 300; n++) await log.append([value(`${n}`, "1"), value(`${n}`, null)]);
    await log.append([value("kept", "1")]);
    await log.trim();
    expect((await log.stat()).entries).toBe(51);
    expect(await log.read({ ...(await log.head()), seq: 0 }, ["a"], { entries: 1_000, bytes: 1e6 })).toMatchObject({
      holes: [{ channel: "a", reason: "trimmed", to: 500 }],
    });
  });

  test("an idempotency key is forgotten ten minutes after its use, unless its entry is kept", async () => {
    const path = temporaryPath();
    let time = 1_000_000;
    const log = openLog(path, { keep: { entries: 1 }, now: () => time });
    await log.append(["1", "2"].map((key) => entry("a", key, { idempotencyKey: key })));
    await log.trim();
    const keys = () => openFile(path).prepare("select key from tidings_idempotency order by key").all();
    expect(keys()).toMatchObject([{ key: "1" }, { key: "2" }]);
    time += 10 * MINUTE;
    await log.trim();
    expect(keys()).toMatchObject([{ key: "2" }]);
    expect(await log.append([entry("a", "2", { idempotencyKey: "2" })])).toMatchObject([{ duplicate: true }]);
  });

  test("the counters of channels equal a count of the entries, after many appends and trims", async () => {
    const path = temporaryPath();
    let time = 1_000_000;
    const log = openLog(path, { keep: { entries: 20, bytes: 6_000, age: MINUTE }, now: () => time });
    for (let n = 0; n < 200; n++) {
      await log.append([
        entry(`rooms/${n % 3}`, "é".repeat(n % 7)),
        value(`${n % 9}`, n % 4 === 0 ? null : "ü".repeat(n % 5), n % 2 === 0 ? 500 : undefined),
        { ...entry("a", "hint"), mode: "volatile" },
      ]);
      time += 400;
      if (n % 10 === 0) await log.trim();
    }
    const file = openFile(path);
    const counted = file
      .prepare(`
      select sum(entries) as entries, sum(withdrawals) as withdrawals, sum(value_count) as value_count,
        sum(bytes) as bytes, sum(value_bytes) as value_bytes
      from tidings_channel`)
      .get();
    const size = "sum(coalesce(octet_length(data), 0) + 100)";
    const found = file
      .prepare(`
      select sum(kind = 0) as entries, sum(kind = 3) as withdrawals, sum(kind = 1) as value_count,
        (select ${size} from tidings_entry where kind in (0, 3)) as bytes,
        (select ${size} from tidings_entry where kind = 1) as value_bytes
      from tidings_entry`)
      .get();
    expect({ ...counted, _metadata: null }).toEqual({ ...found, _metadata: null });
  });

  test("totals equal a count over all channels, also when channels are forgotten and used again", async () => {
    const path = temporaryPath();
    let time = 1_000_000;
    const log = openLog(path, { keep: { age: MINUTE, emptyChannels: 5 }, now: () => time });
    for (let n = 0; n < 60; n++) {
      await log.append([entry(`jobs/${n % 20}`, `${n}`), value(`${n % 3}`, n % 2 === 0 ? null : "1", 500)]);
      time += 7_000;
      await log.trim();
    }
    const file = openFile(path);
    const total = file.prepare("select entries, bytes, value_bytes, empty_channels from tidings_total").get();
    const counted = file
      .prepare(`
      select sum(entries + withdrawals + value_count) as entries, sum(bytes) as bytes,
        sum(value_bytes) as value_bytes, sum(entries + withdrawals + value_count = 0) as empty_channels
      from tidings_channel`)
      .get();
    expect({ ...total, _metadata: null }).toEqual({ ...counted, _metadata: null });
    expect(total).toMatchObject({ empty_channels: 5 });
  });

  test("one channel for each job leaves a bounded number of rows, and a pass without work reads few", async () => {
    const path = temporaryPath();
    let time = 1_000_000;
    const log = openLog(path, { keep: { age: MINUTE, emptyChannels: 10 }, now: () => time });
    for (let n = 0; n < 10; n++) {
      await log.append(Array.from({ length: 100 }, (_, m) => entry(`jobs/${n}/${m}`, "done")));
      time += MINUTE;
      await log.trim();
    }
    expect(openFile(path).prepare("select count(*) as rows from tidings_channel").get()).toMatchObject({ rows: 10 });
    const steps: boolean[] = [];
    const file = openFile(path);
    const pass = new Retention(file, { entries: 10, age: MINUTE, bytes: 1e9, emptyChannels: 10 });
    for (let round = 0; round < 3; round++) {
      pass.begin(time);
      steps.push(file.transact("begin immediate", () => pass.step()));
    }
    // The first pass looks at the channels, and at new entries in a second step. Later passes look at new entries only.
    expect(steps).toEqual([true, false, false]);
  });

  test("a pass looks only at the channels of which something goes, however many the log keeps", async () => {
    const path = temporaryPath();
    let time = 1_000_000;
    const log = openLog(path, { now: () => time });
    const others = { entries: 100, age: 100 * MINUTE };
    await log.setRules({ channels: [{ pattern: "short/*", entries: 100, age: MINUTE }], default: others });
    await log.append(Array.from({ length: 3_000 }, (_, n) => entry(`long/${n}`, "kept")));
    await log.append(Array.from({ length: 10 }, (_, n) => entry(`short/${n}`, "dropped")));
    const file = openFile(path);
    const pass = new Retention(file, { entries: 100, age: 1e9, bytes: 1e9, emptyChannels: 10_000 });
    const run = (): number => {
      const prepare = vi.spyOn(file, "prepare");
      pass.begin(time);
      while (file.transact("begin immediate", () => pass.step()));
      const calls = prepare.mock.calls.length;
      prepare.mockRestore();
      return calls;
    };
    expect(run()).toBeGreaterThan(3_000);
    time += MINUTE;
    expect(run()).toBeLessThan(200);
    expect((await log.stat()).entries).toBe(3_000);
    expect(run()).toBeLessThan(20);
  });

  test("values in front of what is too old are passed once, not by every pass", async () => {
    const path = temporaryPath();
    let time = 1_000_000;
    const log = openLog(path, { now: () => time, keep: { age: MINUTE } });
    for (let n = 0; n < 2_000; n += 500) {
      await log.append(Array.from({ length: 500 }, (_, m) => value(`${n + m}`, "1")));
    }
    const droppedTo = () => openFile(path).prepare("select dropped_to from tidings_channel").get()?.["dropped_to"];
    await log.append([entry("a", "1"), entry("a", "2")]);
    time += MINUTE;
    await log.append([entry("a", "3")]);
    await log.trim();
    expect((await log.stat()).entries).toBe(2_001);
    expect(droppedTo()).toBe(2_002);
  });

  test("a file of the version before has its entries dropped by their age after the upgrade", async () => {
    const path = temporaryPath();
    const former = driver.open(path);
    for (const migration of MIGRATIONS.slice(0, 2)) former.exec(migration);
    former.exec("insert into tidings_meta values ('version', 2)");
    former.exec("insert into tidings_epoch (epoch, first) values ('first', 1)");
    const insert =
      "insert into tidings_entry (channel, type, kind, key, at, data) values ('a', 'said', 0, '', 1000, '1')";
    former.exec(insert);
    former.close();
    let time = 2_000;
    const log = openLog(path, { now: () => time, keep: { age: MINUTE } });
    await log.trim();
    expect(await everything(log)).toEqual(["1"]);
    time += MINUTE;
    await log.trim();
    expect(await everything(log)).toEqual([]);
    expect((await log.stat()).entries).toBe(0);
  });
});

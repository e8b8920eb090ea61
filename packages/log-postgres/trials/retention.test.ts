import type { EventLog, NewEntry } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

/** The server ends a statement after a second. */
const LIMITED = "-c statement_timeout=1s";
const PAGE = { entries: 100_000, bytes: 1e9 };

/** Counts of all channels, as they should be. */
const COUNTED = (schema: string) => `
select channel, count(*) filter (where kind = 0) as entries, count(*) filter (where kind = 3) as withdrawals,
  count(*) filter (where kind = 1) as value_count,
  coalesce(sum(octet_length(data) + 200) filter (where kind = 0), 0)
    + 200 * count(*) filter (where kind = 3) as bytes,
  coalesce(sum(octet_length(data) + 200) filter (where kind = 1), 0) as value_bytes
from ${schema}.entry where kind <> 2 group by channel order by channel`;
const KEPT = (schema: string) => `
select channel, entries, withdrawals, value_count, bytes, value_bytes from ${schema}.channel
where entries + withdrawals + value_count > 0 order by channel`;
const TOTALS = (schema: string) => `
select sum(entries + withdrawals + value_count) as entries, sum(bytes) as bytes, sum(value_bytes) as value_bytes,
  count(*) filter (where entries + withdrawals + value_count = 0) as empty_channels from ${schema}.channel`;

describe("retention", () => {
  const mixed = (round: number): NewEntry[] =>
    Array.from({ length: 60 }, (_, n) => {
      const channel = `rooms/${(n * 7 + round) % 9}`;
      const value = { channel, type: "state", mode: "latest", key: `${n % 4}`, data: `${n}` } as const;
      switch ((n + round) % 5) {
        case 0:
          return value;
        case 1:
          return { ...value, data: null };
        case 2:
          return { ...value, expires: 500 };
        case 3:
          return { channel, type: "typing", mode: "volatile", data: "1" };
        default:
          return reliable(channel, `${n}`, n % 3 === 0 ? { idempotencyKey: `${round} ${n}` } : {});
      }
    });

  test("after any mixture of entries, its counts are those of the entries", async () => {
    let now = 1e12;
    const { log, open, schema } = await openTestLog(server, {
      keep: { entries: 4, age: 20_000, bytes: 20_000, emptyChannels: 2 },
      now: () => now,
    });
    const other = await open();
    const client = await connect();
    for (let round = 0; round < 12; round++) {
      await Promise.all([log.append(mixed(round)), other.append(mixed(round + 100))]);
      now += round === 8 ? 30_000 : 1_700;
      await Promise.all([log.trim(), other.trim()]);
      // What came between the steps of the two is counted now.
      await log.trim();
      expect((await client.query(KEPT(schema))).rows).toEqual((await client.query(COUNTED(schema))).rows);
      const totals = `select entries, bytes, value_bytes, empty_channels from ${schema}.total`;
      expect((await client.query(totals)).rows).toEqual((await client.query(TOTALS(schema))).rows);
    }
  });

  test("one channel for each job leaves a bounded number of rows", async () => {
    let now = 1e12;
    const { log, schema } = await openTestLog(server, { keep: { age: 1_000, emptyChannels: 50 }, now: () => now });
    for (let round = 0; round < 5; round++) {
      await log.append(Array.from({ length: 300 }, (_, n) => reliable(`jobs/${round}/${n}`)));
      now += 1_000;
      await log.trim();
    }
    const { rows } = await (await connect()).query(`select count(*) as channels from ${schema}.channel`);
    expect(rows).toEqual([{ channels: "50" }]);
    const start = { ...(await log.head()), seq: 0 };
    expect((await log.read(start, ["jobs/4/299", "jobs/0/0", "never"], PAGE)).holes).toHaveLength(3);
  });

  test("what one step cannot do is done by the next ones", async () => {
    const { log, schema } = await openTestLog(server, { keep: { entries: 2 } });
    for (let n = 0; n < 15; n++) await log.append(Array.from({ length: 2_000 }, () => reliable("a", `${n}`)));
    const values = Array.from({ length: 3_000 }, (_, n) => ({ ...reliable("b", `${n}`), mode: "latest" as const }));
    for (let n = 0; n < 2; n++) await log.append(values);
    await log.trim();
    expect(await everything(log)).toEqual(["14", "14", "2999"]);
    const { rows } = await (await connect()).query(`select count(*) as rows from ${schema}.entry`);
    expect(rows).toEqual([{ rows: "3" }]);
  });

  test("a step that takes longer than the server allows is done in smaller ones", async () => {
    const { log, open, schema } = await openTestLog(server);
    await log.append(Array.from({ length: 1_000 }, (_, n) => reliable("a", `${n}`)));
    const client = await connect();
    // Deleting all of them takes two seconds.
    await client.query(`
      create function ${schema}.slow() returns trigger language plpgsql as $$
        begin perform pg_sleep(0.002); return old; end $$;
      create trigger slow before delete on ${schema}.entry for each row execute function ${schema}.slow()`);
    const limited = await open({ keep: { entries: 0 } }, { connectionString: server.url, options: LIMITED });
    await limited.trim();
    expect(await everything(log)).toEqual([]);
    // No step is small enough for this.
    await client.query(`create or replace function ${schema}.slow() returns trigger language plpgsql as $$
      begin perform pg_sleep(2); return old; end $$`);
    await log.append([reliable("a", "last")]);
    await expect(limited.trim()).rejects.toThrow("Set a longer statement_timeout for the role of the log");
  });

  test("is read committed, also where transactions are serializable: it would conflict with each append", async () => {
    const { log: near, open, schema } = await openTestLog(server);
    const options = { connectionString: server.url, options: "-c default_transaction_isolation=serializable" };
    const log = await open({}, options);
    const client = await connect();
    await client.query(`create table ${schema}.seen (isolation text);
      create or replace function ${schema}.lock_retention() returns void language sql volatile as $$
        insert into ${schema}.seen values (current_setting('transaction_isolation'));
      $$`);
    await log.setRules({ channels: [], default: { entries: 0, age: 60_000 } });
    await near.append([reliable("a")]);
    await log.trim();
    const { rows } = await client.query(`select distinct isolation from ${schema}.seen`);
    expect(rows).toEqual([{ isolation: "read committed" }]);
    expect(await everything(log)).toEqual([]);
  });

  test("a log that is opened again and keeps less trims the channels that nobody uses any more", async () => {
    const { log, open } = await openTestLog(server, { keep: { entries: 100 } });
    await log.append(Array.from({ length: 50 }, (_, n) => reliable("a", `${n}`)));
    await log.trim();
    const again = await open({ keep: { entries: 3 } });
    await again.trim();
    expect(await everything(again)).toEqual(["47", "48", "49"]);
  });

  test("a shorter rule drops in steps what is too much, also in channels that nobody uses any more", async () => {
    const { log, open, schema } = await openTestLog(server, { keep: { entries: 1e6 } });
    for (let n = 0; n < 5; n++) await log.append(Array.from({ length: 10_000 }, () => reliable("big", `${n}`)));
    await log.append(Array.from({ length: 2_500 }, (_, n) => reliable(`rooms/${n}`)));
    await log.append(Array.from({ length: 2_500 }, (_, n) => reliable(`rooms/${n}`)));
    await log.trim();
    const other = await open();
    await other.setRules({ channels: [], default: { entries: 1, age: 1e9 } });
    await log.trim();
    const { rows } = await (await connect()).query(`select count(*) as rows from ${schema}.entry`);
    expect(rows).toEqual([{ rows: "2501" }]);
    // The search is over, and what is appended now is found without it.
    const searched = `select searched_to from ${schema}.retention`;
    expect((await (await connect()).query(searched)).rows).toEqual([{ searched_to: null }]);
    await log.append([reliable("rooms/1", "newest")]);
    await other.trim();
    expect((await log.recent(["rooms/1"], 9)).entries.map(({ data }) => data)).toEqual(["newest"]);
  });

  test("limits without an end keep everything", async () => {
    const keep = { entries: Infinity, age: Infinity, bytes: Infinity, emptyChannels: Infinity };
    const { log } = await openTestLog(server, { keep });
    await log.append([reliable("a", "1"), reliable("a", "2", { expires: 0.5 })]);
    await log.trim();
    expect(await read(log, Infinity)).toEqual(["1", "2"]);
  });

  async function read(log: EventLog, limit: number): Promise<unknown[]> {
    const start = { ...(await log.head()), seq: 0 };
    const { entries } = await log.read(start, ["a"], { entries: limit, bytes: limit });
    return entries.map(({ data }) => data);
  }
});

import type { EventLog } from "@tidings/log";
import { describe, expect, test, vi } from "vitest";
import { reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, startServer } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 180_000 });

const PAGE = { entries: 1_000, bytes: 1e6 };
const ROUNDS = 60;
/** The values of a round. Each replaces a former one. */
const VALUES = 250;

async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

const median = (times: readonly number[]): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;

/** Appends, trims and reads, and returns the milliseconds of each. */
async function runRound(log: EventLog): Promise<Record<"append" | "read" | "trim" | "current", number>> {
  const position = await log.head();
  const batch = Array.from({ length: VALUES }, (_, n) => [
    reliable(`rooms/${n % 20}`),
    reliable("prices", `${n}`, { mode: "latest", key: `${n % 10}` }),
  ]);
  return {
    append: await timeOf(() => log.append(batch.flat())),
    read: await timeOf(() => log.read(position, ["rooms/1", "rooms/2"], PAGE)),
    trim: await timeOf(() => log.trim()),
    current: await timeOf(() => log.current(["prices"], null, PAGE)),
  };
}

describe("retention", () => {
  test("costs what it deletes: 100,000 entries of 1,000 channels about five times as much as 20,000", async () => {
    const server = await startServer();
    const times: number[] = [];
    for (const perChannel of [20, 100]) {
      const { log } = await openTestLog(
        { url: server.url, newSchema: () => `log_${perChannel}` },
        { keep: { entries: 1 } },
      );
      await log.append([reliable("first")]);
      await log.trim();
      for (let n = 0; n < perChannel; n++) {
        await log.append(Array.from({ length: 1_000 }, (_, channel) => reliable(`rooms/${channel}`)));
      }
      times.push(await timeOf(() => log.trim()));
      expect((await log.stat()).entries).toBe(1_001);
      // With nothing to do, it looks at nothing.
      expect(
        median([await timeOf(() => log.trim()), await timeOf(() => log.trim()), await timeOf(() => log.trim())]),
      ).toBeLessThan(50);
    }
    const [few = 0, many = 0] = times;
    console.log(`Trim of 20,000 entries: ${Math.round(few)} ms, of 100,000: ${Math.round(many)} ms.`);
    expect(many / few).toBeLessThan(10);
  });

  test("reads what it deletes for its age, whatever else the log keeps for longer", async () => {
    const server = await startServer();
    let now = 1e12;
    const everyRow = { entries: 1_000, age: 1e9 };
    const rowsRead = async (schema: string): Promise<number> => {
      const read = "sum(idx_tup_fetch + seq_tup_read) as read from pg_stat_user_tables";
      const [row] = await server.query(`select ${read} where schemaname = '${schema}' and relname <> 'mark'`);
      return Number(row?.["read"]);
    };
    const costOf = async (jobs: number, perJob: number, others: number): Promise<number> => {
      const schema = `log_${jobs}_${perJob}_${others}`;
      const { log, open } = await openTestLog({ url: server.url, newSchema: () => schema }, { now: () => now });
      await log.setRules({ channels: [{ ...everyRow, pattern: "jobs/*", age: 60_000 }], default: everyRow });
      for (let n = 0; n < others; n += 1_000) {
        await log.append(Array.from({ length: 1_000 }, (_, m) => reliable(`rooms/${n + m}`)));
      }
      for (let n = 0; n < perJob; n++) {
        await log.append(Array.from({ length: jobs }, (_, m) => reliable(`jobs/${m}`)));
      }
      await log.trim();
      now += 60_000;
      // A connection that ends reports what it has done.
      await log.close();
      const deleted = `select n_tup_del from pg_stat_user_tables where schemaname = '${schema}' and relname = 'entry'`;
      await server.waitFor(`select (${deleted.replace("n_tup_del", "n_tup_ins")}) = ${others + jobs * perJob} as done`);
      const before = await rowsRead(schema);
      const trimming = await open();
      await trimming.trim();
      expect((await trimming.stat()).entries).toBe(others);
      await trimming.close();
      await server.waitFor(`select (${deleted}) = ${jobs * perJob} as done`);
      return (await rowsRead(schema)) - before;
    };
    const [few, many, beside] = [
      await costOf(100, 20, 1_000),
      await costOf(100, 100, 1_000),
      await costOf(100, 20, 10_000),
    ];
    console.log(
      `Rows read for 2,000 aged entries: ${few}, for 10,000: ${many}, for 2,000 beside ten times as many: ${beside}.`,
    );
    expect(many / few).toBeLessThan(6);
    expect(many / 10_000).toBeLessThan(10);
    expect(beside / few).toBeLessThan(1.2);
  });

  test("reads the whole table in no step, neither to drop the oldest nor to find what has expired", async () => {
    const server = await startServer();
    let now = 1e12;
    const { log } = await openTestLog(
      { url: server.url, newSchema: () => "tidings" },
      { keep: { entries: 5, age: 10_000 }, now: () => now },
    );
    for (let round = 0; round < 20; round++) {
      await log.append([
        ...Array.from({ length: 500 }, (_, n) => reliable(`rooms/${n % 50}`)),
        ...Array.from({ length: 50 }, (_, n) =>
          reliable("prices", "1", { mode: "latest", key: `${n}`, expires: 3_000 }),
        ),
        reliable("typing", "1", { mode: "volatile" }),
      ]);
      now += 2_000;
      await log.trim();
    }
    // A connection that ends reports what it has done.
    await log.close();
    const statistics = "from pg_stat_user_tables where schemaname = 'tidings' and relname = 'entry'";
    await server.waitFor(`select n_tup_del > 5000 as done ${statistics}`);
    expect(await server.query(`select seq_tup_read as read ${statistics}`)).toEqual([{ read: "0" }]);
  });

  test("and appends and reads are not slower for a long transaction elsewhere", async () => {
    const server = await startServer();
    // A transaction keeps deleted rows in its own database only, so the two can be compared in one run.
    await server.query("create database held");
    const heldUrl = server.url.replace(/postgres$/, "held");
    const open = (url: string) => openTestLog({ url, newSchema: () => "tidings" }, { keep: { entries: 10 } });
    const { log: free } = await open(server.url);
    const { log: held } = await open(heldUrl);
    const client = await connect(heldUrl);
    await client.query("begin isolation level repeatable read; select count(*) from tidings.entry");
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push([await runRound(free), await runRound(held)] as const);
    const last = rounds.slice(-ROUNDS / 3);
    const compare = (call: "append" | "read" | "trim" | "current") => {
      const [without, withIt] = [median(last.map(([each]) => each[call])), median(last.map(([, each]) => each[call]))];
      console.log(`${call}: ${without.toFixed(1)} ms, beside a long transaction ${withIt.toFixed(1)} ms`);
      return { without, withIt };
    };
    for (const call of ["append", "read", "trim"] as const) {
      const { without, withIt } = compare(call);
      expect(withIt / without, call).toBeLessThan(3);
    }
    // It passes the values that were replaced since the transaction began: they are still in the index.
    const { without, withIt } = compare("current");
    expect((withIt - without) / (ROUNDS * VALUES)).toBeLessThan(0.002);
  });
});

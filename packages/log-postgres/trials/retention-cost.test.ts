import type { EventLog } from "@tidings/log";
import pg from "pg";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openTestLog, reliable } from "../test/test-log.ts";
import { startServer } from "../test/test-server.ts";

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
    const client = new pg.Client(server.url.replace(/postgres$/, "held"));
    const open = (url: string) => openTestLog({ url, newSchema: () => "tidings" }, { keep: { entries: 10 } });
    const { log: free } = await open(server.url);
    const { log: held } = await open(server.url.replace(/postgres$/, "held"));
    await client.connect();
    onTestFinished(() => client.end());
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

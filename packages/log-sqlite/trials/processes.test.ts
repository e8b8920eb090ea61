import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Appended } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { driver, entry, everything, nextWake, openLog, temporaryPath } from "./temporary-file.ts";
import type { Program } from "./compile-program.ts";
import { compileServedLog, LogProcess } from "./log-process.ts";

const WIDE = { entries: 1e6, bytes: 1e9 };

/** Long enough for a busy machine. */
const TIMEOUT = 180_000;

let program: Program;
beforeAll(async () => {
  program = await compileServedLog();
});
afterAll(() => program.remove());

const startOne = (path: string): Promise<LogProcess> => LogProcess.start(program, path);
const startSeveral = (path: string, count: number): Promise<LogProcess[]> =>
  Promise.all(Array.from({ length: count }, () => startOne(path)));

/** What may happen to the -wal file while no process has the file open. */
const DAMAGES: readonly (readonly [string, (wal: string) => void])[] = [
  ["is cut in half", (wal) => truncateSync(wal, statSync(wal).size / 2)],
  ["gets a damaged header", (wal) => writeFileSync(wal, readFileSync(wal).fill(90, 0, 32))],
  ["gets zeros at its end", (wal) => writeFileSync(wal, readFileSync(wal).fill(0, statSync(wal).size - 40_000))],
  ["is deleted", (wal) => rmSync(wal)],
];

describe(`several processes on one file, by ${driver.name}`, () => {
  test(
    "processes that open a new file at the same time share one log and see one order",
    { timeout: TIMEOUT },
    async () => {
      const path = temporaryPath();
      const processes = await startSeveral(path, 4);
      const appended = processes.flatMap((each, name) =>
        Array.from({ length: 100 }, (_, n) => each.append([entry(`rooms/${n % 3}`, `${name}:${n}`)])),
      );
      const seqs = (await Promise.all(appended)).flat().map(({ cursor }) => cursor.seq);
      expect(seqs.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));

      const log = openLog(path);
      const start = { ...(await log.head()), seq: 0 };
      const orders = await Promise.all([log, ...processes].map((each) => each.read(start, null, WIDE)));
      for (const order of orders) expect(order).toEqual(orders[0]);
      // The entries of each publisher are in the order of its calls.
      const data = await everything(log);
      for (const name of processes.keys()) {
        expect(data.filter((each) => each.startsWith(`${name}:`))).toEqual(
          Array.from({ length: 100 }, (_, n) => `${name}:${n}`),
        );
      }
    },
  );

  test(
    "of several processes that expect the same value at the same time, one replaces it",
    { timeout: TIMEOUT },
    async () => {
      const path = temporaryPath();
      const processes = await startSeveral(path, 4);
      let expects: Cursor | null = null;
      for (let round = 0; round < 50; round++) {
        const value = { ...entry("a", `${round}`), mode: "latest", expects } as const;
        const attempts: PromiseSettledResult<readonly Appended[]>[] = await Promise.allSettled(
          processes.map((each) => each.append([value, entry("b", `${round}`)])),
        );
        const won = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
        expect(won).toHaveLength(1);
        expects = won[0]?.[0]?.cursor ?? null;
        for (const each of attempts) {
          if (each.status === "rejected") expect(String(each.reason)).toMatch(/nothing was published/);
        }
      }
      const log = openLog(path);
      const { entries } = await log.read({ ...(await log.head()), seq: 0 }, ["b"], WIDE);
      expect(entries).toHaveLength(50);
    },
  );

  test("an append wakes the watchers of another process", { timeout: TIMEOUT }, async () => {
    const path = temporaryPath();
    const log = openLog(path);
    const other = await startOne(path);
    const woken = nextWake(log);
    await other.append([entry("a", "from another process")]);
    await woken;
    expect(await everything(log)).toEqual(["from another process"]);
    const before = other.wakes;
    await log.append([entry("a", "from this one")]);
    await expect.poll(() => other.wakes, { timeout: 10_000 }).toBeGreaterThan(before);
  });

  test("an idempotency key works across processes", { timeout: TIMEOUT }, async () => {
    const path = temporaryPath();
    const processes = await startSeveral(path, 3);
    const once = [entry("a", "once", { idempotencyKey: "key" })];
    const appended = (await Promise.all(processes.map((each) => each.append(once)))).flat();
    expect(appended.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(appended.map(({ cursor }) => cursor.seq))).toEqual(new Set([1]));
    expect(await everything(openLog(path))).toEqual(["once"]);
  });

  test(
    "20 processes that are killed while they append lose no acknowledged entry and repeat none",
    { timeout: TIMEOUT },
    async () => {
      const path = temporaryPath();
      const log = openLog(path);
      const { epoch } = await log.head();
      const seen: string[] = [];
      let position: Cursor = { epoch, seq: 0 };
      const follow = async () => {
        const page = await log.read(position, null, WIDE);
        position = page.next;
        seen.push(...page.entries.map(({ data }) => String(JSON.parse(data ?? ""))));
      };
      const acked = new Map<string, number>();
      const lives = 4;
      let duplicates = 0;

      /**
       * Publishes a stream of its own through several processes, one after the other. The next process retries the
       * entries that were not acknowledged.
       */
      const publish = async (name: number) => {
        let next = 0;
        for (let life = 0; life < lives; life++) {
          const each = await startOne(path);
          const until = next + 10 + 7 * name;
          let reached: () => void = () => {};
          const enough = new Promise<void>((resolve) => (reached = resolve));
          const onAck = (data: string, [appended]: readonly Appended[]) => {
            expect(acked.get(data) ?? appended?.cursor.seq).toBe(appended?.cursor.seq);
            acked.set(data, appended?.cursor.seq ?? 0);
            if (appended?.duplicate === true) duplicates++;
            if (acked.has(`${name}:${until}`)) reached();
          };
          for (let n = next; n < until + 500; n++) {
            const data = `${name}:${n}`;
            each.append([entry(`rooms/${name}`, data, { idempotencyKey: data })]).then(
              (appended) => onAck(data, appended),
              () => {},
            );
          }
          await enough;
          await each.kill();
          await follow();
          while (acked.has(`${name}:${next}`)) next++;
          // Retry the last acknowledged entry, too: the log has to find its key.
          next--;
        }
      };
      await Promise.all(Array.from({ length: 5 }, (_, name) => publish(name)));
      await follow();

      const entries = (await log.read({ epoch, seq: 0 }, null, WIDE)).entries;
      const stored = new Map(entries.map(({ data, seq }) => [String(JSON.parse(data ?? "")), seq]));
      expect(stored.size).toBe(entries.length);
      expect(acked.size).toBeGreaterThan(5 * lives * 10);
      expect(duplicates).toBeGreaterThanOrEqual(5 * (lives - 1));
      for (const [data, seq] of acked) expect(stored.get(data)).toBe(seq);
      expect(seen).toEqual([...stored.keys()]);
    },
  );

  test(
    "two processes that are killed while both append keep the epoch, and end it where the -wal file is damaged then",
    { timeout: TIMEOUT },
    async () => {
      const path = temporaryPath();
      const processes = await startSeveral(path, 2);
      const acked: Cursor[] = [];
      let enough: () => void = () => {};
      const isEnough = new Promise<void>((resolve) => (enough = resolve));
      for (const [name, each] of processes.entries()) {
        for (let n = 0; n < 2_000; n++) {
          each.append([entry("a", `${name}:${n}`)]).then(
            (appended) => (acked.push(...appended.map(({ cursor }) => cursor)) > 300 ? enough() : undefined),
            () => {},
          );
        }
      }
      await isEnough;
      await Promise.all(processes.map((each) => each.kill()));
      const last = acked.reduce((one, other) => (other.seq > one.seq ? other : one));

      const copyOf = () => {
        const copy = temporaryPath();
        cpSync(dirname(path), dirname(copy), { recursive: true });
        return copy;
      };
      for (const [how, damage] of DAMAGES) {
        const copy = copyOf();
        damage(`${copy}-wal`);
        const log = openLog(copy);
        const { seq } = await log.head();
        for (let n = 0; n < 20 + last.seq - seq; n++) await log.append([entry("a", "new")]);
        // The file may have what the damaged part had, too: then nothing is lost.
        const holes = seq < last.seq ? [{ channel: "a" }] : [];
        expect([how, await log.read(last, ["a"], WIDE)]).toMatchObject([how, { holes }]);
      }
      const kept = await openLog(copyOf()).head();
      expect(kept.epoch).toBe(last.epoch);
      expect(kept.seq).toBeGreaterThanOrEqual(last.seq);
    },
  );
});

import type { NewEntry } from "@tidings/log";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

const topic = (data: string, more: Partial<NewEntry> = {}): NewEntry => ({
  channel: "a",
  type: "topic",
  mode: "latest",
  data,
  ...more,
});

/** Resolves when a statement of a schema waits for the lock of its appends. */
async function lockIsAwaited(schema: string): Promise<void> {
  const observer = await connect();
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%"${schema}".%'`;
  await expect.poll(async () => (await observer.query(waiting)).rowCount).toBe(1);
}

describe("an append with a condition", () => {
  test("that conflicts costs the other appends of its turn neither their transaction nor a second one", async () => {
    const { log, schema } = await openTestLog(server);
    const attempts = await Promise.allSettled([
      log.append([reliable("a", "1")]),
      log.append([topic("2", { expects: null })]),
      log.append([topic("3", { expects: null }), reliable("a", "4")]),
      log.append([reliable("a", "5")]),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(await everything(log)).toEqual(["1", "2", "5"]);
    const { rows } = await (await connect()).query(`select distinct xmin::text from ${schema}.entry`);
    expect(rows).toHaveLength(1);
  });

  test("is refused where transactions are serializable by default, and the others of its turn are not", async () => {
    const { open } = await openTestLog(server);
    const options = "-c default_transaction_isolation=serializable";
    const log = await open({}, { connectionString: server.url, options });
    const [plain, conditional] = await Promise.allSettled([
      log.append([reliable("a", "1")]),
      log.append([topic("2", { expects: null })]),
    ]);
    expect(plain).toMatchObject({ status: "fulfilled" });
    expect(conditional).toMatchObject({
      reason: {
        name: "AppendError",
        outcome: "none",
        message: expect.stringMatching(
          /got a serializable one\. Set default_transaction_isolation to 'read committed'/,
        ),
      },
    });
    expect(await everything(log)).toEqual(["1"]);
  });

  test("finds the value without reading the others of its channel", async () => {
    const { log, schema } = await openTestLog(server);
    const [first] = await log.append(Array.from({ length: 5_000 }, (_, n) => topic(`${n}`, { key: `${n}` })));
    const client = await connect();
    // One connection, whose own counts it sees at once.
    await client.query("begin");
    const read = async () => {
      const counts = "sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as rows";
      const { rows } = await client.query<{ rows: number }>(
        `select ${counts} from pg_stat_xact_user_tables where schemaname = $1 and relname = 'entry'`,
        [schema],
      );
      return rows[0]?.rows ?? Number.NaN;
    };
    const before = await read();
    await log.appendIn(client, [topic("5000", { key: "0", expects: first?.cursor ?? null })]);
    const rows = (await read()) - before;
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(20);
    await client.query("rollback");
  });
});

describe("a condition inside a transaction", () => {
  test("conflicts at once; a savepoint from before lets the transaction go on", async () => {
    const { log } = await openTestLog(server);
    const [first] = await log.append([topic("1")]);
    const client = await connect();
    await client.query("begin");
    await log.appendIn(client, [reliable("a", "2")]);
    await client.query("savepoint before");
    const conflicting = log.appendIn(client, [reliable("a", "3"), topic("4", { expects: null })]);
    await expect(conflicting).rejects.toMatchObject({ name: "ConflictError", cursor: first?.cursor });
    await client.query("rollback to before");
    await log.appendIn(client, [topic("5", { expects: first?.cursor ?? null })]);
    await client.query("commit");
    expect(await everything(log)).toEqual(["2", "5"]);
  });

  test("sees what the same transaction has published before, and the order of its events stays", async () => {
    const { log } = await openTestLog(server);
    const client = await connect();
    await client.query("begin");
    await log.appendIn(client, [reliable("a", "1")]);
    await log.appendIn(client, [topic("2", { key: "x", expects: null })]);
    await log.appendIn(client, [topic("3", { key: "y", expects: null }), reliable("a", "4")]);
    await client.query("savepoint before");
    for (const key of ["x", "y"]) {
      const again = log.appendIn(client, [topic("5", { key, expects: null })]);
      await expect(again).rejects.toThrow(/got that of/);
      await client.query("rollback to before");
    }
    await client.query("commit");
    expect(await everything(log)).toEqual(["1", "2", "3", "4"]);
  });

  test("of two transactions that expect the same value, the second waits, and conflicts", async () => {
    const { log, schema } = await openTestLog(server);
    const [first] = await log.append([topic("1")]);
    const [one, other] = [await connect(), await connect()];
    for (const client of [one, other]) await client.query("begin; select 1");
    await log.appendIn(one, [topic("2", { expects: first?.cursor ?? null })]);
    const second = log.appendIn(other, [topic("3", { expects: first?.cursor ?? null })]);
    const failed = second.catch((error: unknown) => error);
    await lockIsAwaited(schema);
    await one.query("commit");
    const { entries } = await log.current(["a"], null, { entries: 10, bytes: 100 });
    expect(await failed).toMatchObject({ name: "ConflictError", cursor: { seq: entries[0]?.seq } });
    expect(entries).toMatchObject([{ data: "2" }]);
  });

  test("keeps its value for the transaction: an append of another process comes after it, or conflicts", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    await client.query("begin");
    await log.appendIn(client, [topic("1", { expects: null })]);
    const appending = Promise.allSettled([
      log.append([reliable("a", "2")]),
      log.append([topic("3", { expects: null })]),
    ]);
    await lockIsAwaited(schema);
    await client.query("commit");
    expect((await appending).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test.for(["repeatable read", "serializable"])("is refused in %s, which would not see the value", async (level) => {
    const { log } = await openTestLog(server);
    const client = await connect();
    await client.query(`begin isolation level ${level}; select 1`);
    await log.append([topic("1")]);
    await expect(log.appendIn(client, [topic("2", { expects: null })])).rejects.toThrow(
      `got a ${level} one. Set default_transaction_isolation to 'read committed' for the role of the log; ` +
        'begin a transaction of the application with "begin isolation level read committed".',
    );
    await client.query("rollback");
    expect(await everything(log)).toEqual(["1"]);
  });

  test("is refused on what commits by itself", async () => {
    const { log } = await openTestLog(server);
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    onTestFinished(() => pool.end());
    for (const connection of [pool, await connect()]) {
      const publishing = log.appendIn(connection, [topic("1", { expects: null })]);
      await expect(publishing).rejects.toThrow(/expected a transaction/);
    }
    expect(await everything(log)).toEqual([]);
  });

  test("needs only the right to insert", async () => {
    const { log, schema } = await openTestLog(server);
    const owner = await connect();
    const role = `${schema}_publisher`;
    await owner.query(`create role ${role} login; grant usage on schema ${schema} to ${role};
      grant insert on ${schema}.staged to ${role}`);
    onTestFinished(async () => void (await owner.query(`drop owned by ${role}; drop role ${role}`)));
    await owner.query(`begin; set local role ${role}`);
    await log.appendIn(owner, [topic("1", { expects: null })]);
    await owner.query("commit");
    expect(await everything(log)).toEqual(["1"]);
  });

  test("works from SQL, with the id of a value, or with an empty one", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    const publish = (data: number, expects: string) =>
      client.query(`select ${schema}.publish($1)`, [
        JSON.stringify({ channel: "a", type: "topic", mode: "latest", data, expects }),
      ]);
    await publish(1, "");
    const { epoch, seq } = await log.head();
    await expect(publish(2, "")).rejects.toMatchObject({
      code: "TD001",
      message: expect.stringMatching(/the value is "\w+\.1"/),
    });
    await publish(3, `${epoch}.${seq}`);
    expect(await everything(log)).toEqual(["3"]);
  });
});

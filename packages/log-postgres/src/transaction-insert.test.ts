import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import postgres from "postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../../testing/src/virtual-clock.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";
import type { PostgresTransaction } from "./transaction-insert.ts";

/** Runs the work in a transaction, which is rolled back if the work fails. */
type Transact = (work: (transaction: PostgresTransaction) => Promise<void>) => Promise<void>;

async function processOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ readonly pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

describe("appendIn", () => {
  function openPool(): pg.Pool {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    onTestFinished(() => pool.end());
    return pool;
  }

  function openPostgresJs() {
    const sql = postgres(server.url, { max: 1, onnotice() {} });
    onTestFinished(() => sql.end());
    return sql;
  }

  /** Errors of Prisma have the message of PostgreSQL inside of their own, and no cause. */
  const rejectAsPrisma = ({ message }: Error) => Promise.reject(new Error(`Raw query failed. Message: \`${message}\``));

  /** Runs the work on a client of pg, in a form of its transaction. */
  async function onClient(formOf: (client: pg.Client) => PostgresTransaction): Promise<Transact> {
    const client = await connect();
    return async (work) => {
      await client.query("begin");
      try {
        await work(formOf(client));
        await client.query("commit");
      } catch (error) {
        await client.query("rollback");
        throw error;
      }
    };
  }

  // Each library's own transaction is passed without a cast, so this is also a test of the types.
  const libraries: Record<string, () => Promise<Transact>> = {
    pg: () => onClient((client) => client),
    "the form of Prisma": () =>
      onClient((client) => ({
        $executeRawUnsafe: (query: string, ...values: string[]) =>
          client.query(query, values).then(({ rowCount }) => rowCount, rejectAsPrisma),
      })),
    async "postgres.js"() {
      const sql = openPostgresJs();
      return (work) => sql.begin((transaction) => work(transaction));
    },
    async drizzle() {
      const database = drizzle(openPool());
      return (work) =>
        database.transaction((transaction) =>
          work((text, [json]) => {
            const [before = "", after = ""] = text.split("$1");
            return transaction.execute(drizzleSql`${drizzleSql.raw(before)}${json}${drizzleSql.raw(after)}`);
          }),
        );
    },
    async kysely() {
      const database = new Kysely({ dialect: new PostgresDialect({ pool: openPool() }) });
      return (work) =>
        database
          .transaction()
          .execute((transaction) => work((text, values) => transaction.executeQuery(CompiledQuery.raw(text, values))));
    },
  };

  test.for(Object.entries(libraries))("publishes in a transaction of %s, when it commits", async ([, start]) => {
    const { log } = await openTestLog(server);
    const transact = await start();
    await transact(async (transaction) => {
      await log.appendIn(transaction, [reliable("a", '"first"'), reliable("a", '"\\u0000"')]);
      expect(await everything(log)).toEqual([]);
    });
    const rolledBack = transact(async (transaction) => {
      await log.appendIn(transaction, [reliable("a", '"rolled back"')]);
      throw new Error("the work fails");
    });
    await expect(rolledBack).rejects.toThrow("the work fails");
    expect(await everything(log)).toEqual(['"first"', '"\\u0000"']);
  });

  test.for(Object.entries(libraries))("reports a conflict in a transaction of %s", async ([, start]) => {
    const { log } = await openTestLog(server);
    const transact = await start();
    const topic = { channel: "a", type: "topic", mode: "latest", data: "1" } as const;
    const [first] = await log.append([topic]);
    const conflicting = transact((transaction) =>
      log.appendIn(transaction, [reliable("a"), { ...topic, data: "2", expects: null }]),
    );
    await expect(conflicting).rejects.toMatchObject({ name: "ConflictError", cursor: first?.cursor });
    await transact((transaction) =>
      log.appendIn(transaction, [{ ...topic, data: "3", expects: first?.cursor ?? null }]),
    );
    expect(await everything(log)).toEqual(["3"]);
  });

  test("refuses what commits by itself: a pool, and a connection without a transaction", async () => {
    const { log } = await openTestLog(server);
    for (const pool of [openPool(), await connect(), openPostgresJs()]) {
      await expect(log.appendIn(pool, [reliable("a")])).rejects.toThrow(
        /expected a transaction .* Pass the connection that has begun the transaction, not a pool/,
      );
    }
    expect(await everything(log)).toEqual([]);
  });

  test("resolves when who has asked for the head before has it: the commit comes after that", async () => {
    const { log, schema } = await openTestLog(server, { clock: new VirtualClock() });
    const [client, other] = [await connect(), await connect()];
    await other.query("begin");
    await other.query(`lock table ${schema}.epoch`); // The question waits for it.
    const asking = log.head();
    await client.query("begin");
    let hasResolved = false;
    const inserting = log.appendIn(client, [reliable("a", "1")]).then(() => (hasResolved = true));
    await client.query("select 'The insert has its answer before this.'");
    expect(hasResolved).toBe(false);
    await other.query("rollback");
    await inserting;
    await client.query("commit");
    const { entries } = await log.read(await asking, null, { entries: 9, bytes: 1e6 });
    expect(entries.map(({ data }) => data)).toEqual(["1"]);
  });

  test("has handed over its statement when it returns, even as the first call of a process", async () => {
    const { log } = await openTestLog(server);
    const client = await connect();
    void client.query("begin");
    void log.appendIn(client, [reliable("a", '"rolled back"')]);
    await client.query("rollback");
    void client.query("begin");
    void log.appendIn(client, [reliable("a", '"committed"')]);
    await client.query("commit");
    expect(await everything(log)).toEqual(['"committed"']);
  });

  test("needs only the right to insert", async () => {
    const { log, schema } = await openTestLog(server);
    const owner = await connect();
    const role = `${schema}_publisher`;
    await owner.query(`create role ${role} login; grant usage on schema ${schema} to ${role};
      grant insert on ${schema}.staged to ${role}`);
    onTestFinished(async () => void (await owner.query(`drop owned by ${role}; drop role ${role}`)));
    await owner.query(`begin; set local role ${role}`);
    await log.appendIn(owner, [reliable("a", '"allowed"')]);
    await expect(owner.query(`savepoint s; select * from ${schema}.staged`)).rejects.toThrow("permission denied");
    await owner.query("rollback to s; commit");
    expect(await everything(log)).toEqual(['"allowed"']);
  });

  test("runs nothing of the role that publishes with the rights of the owner", async () => {
    const { log, schema } = await openTestLog(server);
    const owner = await connect();
    const role = `${schema}_publisher`;
    await owner.query(`create role ${role} login; grant usage on schema ${schema} to ${role};
      grant insert on ${schema}.staged to ${role}; create schema ${role} authorization ${role}`);
    onTestFinished(async () => void (await owner.query(`drop owned by ${role} cascade; drop role ${role}`)));
    await owner.query(`begin; set local role ${role}; set local search_path = ${role}, pg_catalog`);
    // Functions of the log call these, which a search by this path finds first.
    for (const called of [
      "pg_notify(text, text) returns void",
      "current_setting(text) returns text",
      "pg_advisory_xact_lock(bigint) returns void",
      "pg_current_xact_id() returns xid8",
      "joined(text, text) returns text",
    ]) {
      await owner.query(`create function ${role}.${called} language plpgsql as
        $$ begin raise exception 'runs with the rights of %', current_user; end $$`);
    }
    await owner.query(`create operator ${role}.|| (leftarg = text, rightarg = text, function = ${role}.joined)`);
    await log.appendIn(owner, [reliable("a", "1", { idempotencyKey: "once" })]);
    await log.appendIn(owner, [{ ...reliable("a", "2"), mode: "latest", expects: null }]);
    await log.appendIn(owner, [reliable("a", "3")]);
    await owner.query("commit");
    expect(await everything(log)).toEqual(["1", "2", "3"]);
  });

  test("stages nothing for another transaction: it would be published there, or make its commit fail", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    const forging = `insert into ${schema}.staged (transaction, channel, type, data)
      select (pg_current_xact_id()::text::bigint + n)::text::xid8, 'a', 'x', '1' from generate_series(1, 5) n`;
    await expect(client.query(forging)).rejects.toMatchObject({ code: "23514" });
    const { rowCount } = await client.query(`select from ${schema}.staged`);
    expect([rowCount, await everything(log)]).toEqual([0, []]);
  });

  test.for(["repeatable read", "serializable"])("of 20 transactions at once, all commit in %s", async (level) => {
    const { log, schema } = await openTestLog(server);
    // As the server does once in a while. It knows then that the tables are small, and would scan them as a whole.
    for (const table of ["staged", "entry", "ending", "epoch", "mark", "idempotency"]) {
      await (await connect()).query(`vacuum analyze ${schema}.${table}`);
    }
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect()));
    // Each has its snapshot before any has committed.
    for (const client of clients) await client.query(`begin isolation level ${level}; select 1`);
    await Promise.all(
      clients.map(async (client, index) => {
        await log.appendIn(client, [
          reliable("a", `${index}`),
          { channel: "a", type: "state", mode: "latest", key: "x", data: `${100 + index}` },
        ]);
        await client.query("commit");
      }),
    );
    const data = (await everything(log)).map(Number);
    expect(data.filter((each) => each < 100).toSorted((one, other) => one - other)).toEqual([...Array(20).keys()]);
    // The last to commit has the value.
    expect(data.filter((each) => each >= 100)).toEqual([100 + (data.findLast((each) => each < 100) ?? Number.NaN)]);
  });

  test("serializable transactions that wait for one another to commit do not fail for that", async () => {
    const { log, schema } = await openTestLog(server);
    const clients = [await connect(), await connect(), await connect()] as const;
    for (const client of clients) await client.query("begin isolation level serializable; select 1");
    const [first, second, ahead] = clients;
    await ahead.query(`select ${schema}.lock_appends()`);
    const observer = await connect();
    const waiting = `select from pg_locks waiting join pg_locks holding using (locktype, database, classid, objid)
      where not waiting.granted and holding.granted and holding.pid = ${await processOf(ahead)}`;
    const committing: Promise<unknown>[] = [];
    for (const client of [first, second]) {
      await log.appendIn(client, [reliable("a", "1")]);
      committing.push(client.query("commit"));
      await expect.poll(async () => (await observer.query(waiting)).rowCount).toBe(committing.length);
    }
    // It inserts where the others have looked already, and commits before them.
    await log.appendIn(ahead, [reliable("a", "2")]);
    await Promise.all([ahead.query("commit"), ...committing]);
    expect(await everything(log)).toEqual(["2", "1", "1"]);
  });

  test("of two such transactions with one idempotency key, one fails and can be run again", async () => {
    const { log } = await openTestLog(server);
    const [one, other] = [await connect(), await connect()];
    for (const client of [one, other]) await client.query("begin isolation level repeatable read; select 1");
    for (const client of [one, other]) await log.appendIn(client, [reliable("a", "1", { idempotencyKey: "once" })]);
    await one.query("commit");
    await expect(other.query("commit")).rejects.toMatchObject({ code: expect.stringMatching(/^(23505|40001)$/) });
    await other.query("begin isolation level repeatable read");
    await log.appendIn(other, [reliable("a", "1", { idempotencyKey: "once" }), reliable("a", "2")]);
    await other.query("commit");
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test.for([undefined, "postgres://app@db/app", {}, { query: {} }])("%j is no transaction", async (wrong) => {
    const { log } = await openTestLog(server);
    // Plain JavaScript may pass anything. A database of drizzle has a `query` that is no method.
    const inserting = log.appendIn(wrong as never, [reliable("a")]);
    await expect(inserting).rejects.toThrow(
      /^Expected the transaction to be a client of pg, .* or a function .*, got /,
    );
    await expect(inserting).rejects.toThrow(TypeError);
  });

  test("an entry that the server refuses leaves nothing of its batch", async () => {
    const { log } = await openTestLog(server);
    const client = await connect();
    await client.query("begin");
    await expect(log.appendIn(client, [reliable("a"), reliable("a", "2", { idempotencyKey: "a\0" })])).rejects.toThrow(
      /Cannot publish inside/,
    );
    await client.query("commit");
    expect(await everything(log)).toEqual([]);
  });

  test("commits durably, even if the server does not wait for the disk otherwise", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    const setting = async () => (await client.query<{ synchronous_commit: string }>("show synchronous_commit")).rows;
    await client.query("set synchronous_commit = off");
    await client.query("begin");
    await log.appendIn(client, [reliable("a")]);
    // The commit would do this, too: it places what was staged.
    await client.query("set constraints all immediate");
    expect(await setting()).toEqual([{ synchronous_commit: "on" }]);
    await client.query("commit");
    expect(await setting()).toEqual([{ synchronous_commit: "off" }]);
    // The log's own appends begin in the same way.
    await client.query("begin");
    await client.query(`select ${schema}.begin_append()`);
    expect(await setting()).toEqual([{ synchronous_commit: "on" }]);
    await client.query("rollback");
  });

  test("publishes also where triggers are off, as while much is imported", async () => {
    const { log } = await openTestLog(server);
    const client = await connect();
    await client.query("begin; set local session_replication_role = replica");
    await log.appendIn(client, [reliable("a", "1")]);
    await client.query("commit");
    expect(await everything(log)).toEqual(["1"]);
  });
});

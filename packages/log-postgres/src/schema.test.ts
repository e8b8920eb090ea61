import { describe, expect, onTestFinished, test } from "vitest";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { everything, latest, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";
import { Database } from "./database.ts";
import { postgresLog } from "./postgres-log.ts";
import { prepareSchema } from "./schema.ts";

describe("the schema", () => {
  test("twelve processes that start at once create one log", async () => {
    const schema = server.newSchema();
    const logs = await Promise.all(Array.from({ length: 12 }, () => postgresLog(server.url, { schema })));
    const heads = await Promise.all(logs.map((log) => log.head()));
    expect(new Set(heads.map(({ epoch }) => epoch)).size).toBe(1);
    await Promise.all(logs.map((log, index) => log.append([reliable("a", `${index}`)])));
    const [first, ...others] = await Promise.all(logs.map(everything));
    expect(first).toHaveLength(12);
    for (const other of others) expect(other).toEqual(first);
    await Promise.all(logs.map((log) => log.close()));
  });

  test("two schemas are two logs", async () => {
    const [one, other] = [await openTestLog(server), await openTestLog(server)];
    await one.log.append([reliable("a")]);
    expect(await everything(one.log)).toHaveLength(1);
    expect(await everything(other.log)).toEqual([]);
  });

  test("a role that may not create one opens it, and publishes and reads with rights on its tables", async () => {
    const { schema } = await openTestLog(server);
    const owner = await connect();
    const role = `${schema}_user`;
    await owner.query(`create role ${role} login; grant usage on schema ${schema} to ${role};
      grant select, insert, update, delete on all tables in schema ${schema} to ${role};
      grant usage on all sequences in schema ${schema} to ${role}`);
    onTestFinished(async () => void (await owner.query(`drop owned by ${role}; drop role ${role}`)));
    const url = new URL(server.url);
    url.username = role;
    const log = await postgresLog(url.href, { schema });
    onTestFinished(() => log.close());
    await log.append([reliable("a", '"allowed"')]);
    await log.trim();
    expect(await everything(log)).toEqual(['"allowed"']);
    await expect(postgresLog(url.href, { schema: `${schema}_new` })).rejects.toThrow(/permission denied/);
  });

  test("is created and used in a database whose changes are all published to subscribers", async () => {
    const owner = await connect();
    const database = server.newSchema();
    await owner.query(`create database ${database}`);
    onTestFinished(async () => void (await owner.query(`drop database ${database} with (force)`)));
    const url = new URL(server.url);
    url.pathname = database;
    const client = await connect(url.href);
    await client.query("create publication everything for all tables");
    const log = await postgresLog(url.href, { keep: { entries: 1 } });
    onTestFinished(() => log.close());
    await log.setRules({ channels: [], default: { entries: 1, age: 60_000 } });
    await log.append([reliable("a", "1"), reliable("a", "2"), latest("a", "x", "3"), latest("a", "x", "4")]);
    await log.trim();
    expect(await everything(log)).toEqual(["2", "4"]);
  });

  test("refuses TRUNCATE, which would take entries away from readers without a hole", async () => {
    const { log, schema } = await openTestLog(server);
    await log.append([reliable("a")]);
    const client = await connect();
    const tables = await client.query<{ tablename: string }>("select tablename from pg_tables where schemaname = $1", [
      schema,
    ]);
    const lasting = tables.rows.map(({ tablename }) => tablename).filter((name) => name !== "staged");
    expect(lasting).toContain("entry");
    for (const table of lasting) {
      await expect(client.query(`truncate ${schema}.${table}`)).rejects.toMatchObject({
        message: expect.stringContaining("expected no truncate of a table of the log"),
        hint: expect.stringContaining("drop the schema"),
      });
    }
    expect(await everything(log)).toHaveLength(1);
  });

  test("goes on after the newest entry on a server that got the rows and no sequence", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    for (let epochs = 0; epochs < 3; epochs++) {
      await log.append(Array.from({ length: 20 }, (_, n) => reliable("a", `${n}`)));
      await client.query(`select ${schema}.begin_epoch(); begin; select ${schema}.begin_epoch(); rollback`);
    }
    const { rows } = await client.query<{ readonly name: string }>(
      "select oid::regclass::text as name from pg_class where relkind = 'S' and relnamespace = $1::regnamespace",
      [schema],
    );
    // As after a logical replication.
    for (const { name } of rows) await client.query(`alter sequence ${name} restart`);
    await client.query(`update ${schema}.epoch set server = 'another'`);
    const before = await log.head();
    const [appended] = await log.append([reliable("a", "20")]);
    expect(appended?.cursor).toEqual(await log.head());
    expect(appended?.cursor).toMatchObject({ seq: 61 });
    expect(appended?.cursor.epoch).not.toBe(before.epoch);
    expect(await everything(log)).toHaveLength(61);
  });

  test("gives out no position that JavaScript cannot count exactly", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    await client.query(`select setval('${schema}.seq', ${Number.MAX_SAFE_INTEGER - 1})`);
    await log.append([reliable("a", "1")]);
    await expect(log.append([reliable("a", "2")])).rejects.toMatchObject({ outcome: "none" });
    expect(await log.head()).toMatchObject({ seq: Number.MAX_SAFE_INTEGER });
    expect(await everything(log)).toEqual(["1"]);
  });

  test("a later version upgrades it once, and an earlier version refuses it", async () => {
    const { log, schema } = await openTestLog(server);
    const database = new Database(server.url, schema, 10_000);
    onTestFinished(() => database.close());
    const first = () => "select 1";
    const second = (name: string) => `create table "${name}".second (id integer)`;
    const upgrade = () => database.onOneConnection((client) => prepareSchema(client, schema, [first, second]));
    await Promise.all([upgrade(), upgrade(), upgrade()]);
    await log.append([reliable("a")]);
    await expect(postgresLog(server.url, { schema })).rejects.toThrow(
      /expected tables of version 1 or older, got version 2: a newer @tidings\/log-postgres .* upgrade this one\.$/,
    );
  });

  test("an upgrade that fails changes nothing", async () => {
    const schema = server.newSchema();
    const database = new Database(server.url, schema, 10_000);
    onTestFinished(() => database.close());
    const broken = (name: string) => `create table "${name}".half (id integer); select 1 / 0`;
    const upgrade = database.onOneConnection((client) => prepareSchema(client, schema, [broken]));
    await expect(upgrade).rejects.toThrow("division by zero");
    const { log } = await openTestLog(server, { schema });
    expect(await everything(log)).toEqual([]);
  });

  describe("opening a log", () => {
    /** Opens a log that waits for another process, which seems to create the schema. */
    async function openWaiting(url: string) {
      const client = await connect();
      const schema = server.newSchema();
      await client.query("select pg_advisory_lock(hashtextextended($1, 0))", [`tidings schema ${schema}`]);
      const settings = { connectionString: url, application_name: schema };
      const opening = postgresLog(settings, { schema }).catch((error: unknown) => error);
      const waiting = "select pid from pg_stat_activity where application_name = $1 and wait_event = 'advisory'";
      await expect.poll(async () => (await client.query(waiting, [schema])).rowCount).toBe(1);
      const terminate = () => client.query(`select pg_terminate_backend(pid) from (${waiting}) waiting`, [schema]);
      return { opening, terminate };
    }

    test("rejects, and does not end the process, when its connection is lost", async () => {
      const { url, cut } = await startProxy(server.url);
      const { opening } = await openWaiting(url);
      cut();
      expect(await opening).toMatchObject({
        message: expect.stringMatching(/^Cannot open the log in PostgreSQL: Connection terminated unexpectedly/),
      });
    });

    test("says what the server says when it ends the connection", async () => {
      const { opening, terminate } = await openWaiting(server.url);
      await terminate();
      expect(await opening).toMatchObject({
        message: expect.stringContaining("terminating connection due to administrator command"),
      });
    });
  });

  test("a database that is not there is said, and what to do", async () => {
    const url = new URL(server.url);
    url.pathname = "/nowhere";
    await expect(postgresLog(url.href)).rejects.toThrow(/"nowhere" does not exist\. Create the database, or correct/);
  });

  test("a server without TLS is said, and what to do", async () => {
    await expect(postgresLog(`${server.url}?sslmode=verify-full`)).rejects.toThrow(
      /turn ssl on in the server, or remove/,
    );
  });

  test("a server that does not answer is said when the log is opened", async () => {
    await expect(postgresLog("postgres://nobody@127.0.0.1:1/none")).rejects.toThrow(
      /Cannot open the log in PostgreSQL: .*ECONNREFUSED/,
    );
  });
});

test.for([
  [
    { patient: 5 },
    'Expected one of schema, keep, patience, now, clock, onWarning in the options of postgresLog, got "patient"',
  ],
  [{ patience: "long" }, 'Expected "patience" to be a number, got string'],
  [{ clock: {} }, 'Expected "clock" to have a method "now", got undefined; pass a clock.'],
  [{ patience: 0 }, 'Expected "patience" to be a number from 1 to 600000, got 0'],
  [{ keep: { entires: 5 } }, 'in keep, got "entires"'],
] as const)("options %j are refused before anything is opened", async ([options, message]) => {
  await expect(postgresLog("postgres://nobody@127.0.0.1:1/none", options as never)).rejects.toThrow(message);
});

test.for([
  [undefined, "got undefined"],
  ["", "got an empty text"],
  ["app:secret@db/app", "got app:."],
  ["db", "got a text without a scheme"],
  ["redis://:secret@cache:6379", "got redis:."],
] as const)("%j is no connection", async ([connection, got]) => {
  const opening = postgresLog(connection as never);
  await expect(opening).rejects.toThrow(/^Expected the connection of postgresLog to be a URL such as "postgres:/);
  await expect(opening).rejects.toThrow(got);
  await expect(opening).rejects.not.toThrow("secret");
});

test.for(["postgres://app:se#cret@db/app", "postgres://app:se/cret@db/app", "postgresql://app:cret?@db"])(
  "%s cannot be read, and the error says why",
  async (url) => {
    const opening = postgresLog(url);
    await expect(opening).rejects.toThrow("percent-encode the special characters of its user and password.");
    await expect(opening).rejects.not.toThrow("cret@");
  },
);

test.for([
  "postgres://app@/app?host=127.0.0.1&port=1",
  "postgres:///app?host=/nowhere",
  "postgresql://app:a b@127.0.0.1:1/app",
  "/nowhere app",
  "socket:/nowhere?db=app",
])("%s is a connection: the log tries to connect", async (url) => {
  await expect(postgresLog(url)).rejects.toThrow(/^Cannot open the log in PostgreSQL: connect /);
});

test("a server that is too old is said", async () => {
  const query = async (text: string) => (text.includes("server_version") ? [{ number: 120_022, name: "12.22" }] : []);
  await expect(prepareSchema({ query }, "tidings")).rejects.toThrow("expected PostgreSQL 13 or newer, got 12.22");
});

test.for(["", "Tidings", "1st", "pg_log", 'a"b', "a-b", "a".repeat(41)])(
  "%j is no name of a schema",
  async (schema) => {
    await expect(postgresLog("postgres://nobody@127.0.0.1:1/none", { schema })).rejects.toThrow(
      /Expected a schema of at most 40 letters/,
    );
  },
);

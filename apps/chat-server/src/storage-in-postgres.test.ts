import { expect, test } from "vitest";
import { connect, server } from "../../../packages/log-postgres/test/test-server.ts";
import { addRoom, describeSharedStorage, openTestStorage } from "../test/describe-storage.ts";
import type { LogSetting } from "./storage/log-setting.ts";

let databases = 0;

/** An empty database of the server. */
async function newDatabase(): Promise<Extract<LogSetting, { kind: "postgres" }>> {
  const client = await connect();
  const name = `chat_${process.pid}_${++databases}`;
  await client.query(`create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return { kind: "postgres", url: url.href };
}

describeSharedStorage("PostgreSQL", newDatabase);

test("a transaction that cannot begin because another server writes is refused when its patience ends", async () => {
  const setting = await newDatabase();
  const storage = await openTestStorage(setting);
  const other = await connect(setting.url);
  await other.query("begin; select pg_advisory_xact_lock(7461963)");
  const begun = performance.now();
  const outcomes = await Promise.allSettled(["one", "two"].map((name) => addRoom(storage, name)));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { name: "WriteRefused" } });
  // The patience is five seconds for all together.
  expect(performance.now() - begun).toBeLessThan(9_000);
  await other.query("rollback");
  await addRoom(storage, "three");
});

test("a database whose changes are all published to subscribers is opened again and again", async () => {
  const setting = await newDatabase();
  const other = await connect(setting.url);
  await other.query("create publication everything for all tables");
  for (const name of ["one", "two"]) {
    const storage = await openTestStorage(setting);
    await addRoom(storage, name);
    expect((await storage.tables.rooms.all()).map(({ id }) => id)).toContain(name);
    await storage.close();
  }
});

test("closing does not wait for another server that writes", async () => {
  const setting = await newDatabase();
  const storage = await openTestStorage(setting);
  const other = await connect(setting.url);
  await other.query("begin; select pg_advisory_xact_lock(7461963)");
  const refused = addRoom(storage, "one").catch(String);
  const waits = "select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted";
  await expect.poll(async () => (await other.query<{ count: number }>(waits)).rows[0]?.count).toBe(1);
  const begun = performance.now();
  await storage.close();
  expect(await refused).toMatch(/about to close/);
  expect(performance.now() - begun).toBeLessThan(3_000);
});

test("a server whose connection is cut in a transaction says so, writes nothing, and goes on", async () => {
  const setting = await newDatabase();
  const storage = await openTestStorage(setting);
  const other = await connect(setting.url);
  const cut = storage.write(async (tx) => {
    await tx.rooms.add("one");
    await other.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidings chat'");
    await tx.rooms.add("two");
  });
  await expect(cut).rejects.toMatchObject({ name: "StorageAway", status: 503 });
  await addRoom(storage, "three");
  expect((await storage.tables.rooms.all()).map(({ id }) => id)).toEqual(["lobby", "three"]);
});

test("in older tables, people and rooms are compared as today", async () => {
  const setting = await newDatabase();
  const old = await openTestStorage(setting);
  await old.write(async (tx) => {
    for (const name of ["\u0410nna", "bo"]) await tx.people.add(name);
    for (const name of ["Tea", "other"]) await tx.rooms.add(name);
  });
  await old.close();
  const client = await connect(setting.url);
  await client.query("update chat.rooms set name = '\u0422ea' where id = 'other'");
  // The forms that version 1 has stored: in lower case.
  await client.query("update chat.people set folded = lower(name); update chat.rooms set folded = lower(name)");
  await client.query("alter table chat.people drop column seen_at, drop column has_written");
  await client.query("drop index chat.ended_sessions_expiry; alter table chat.ended_sessions drop column person");
  await client.query("update chat.version set number = 1");
  const { people, rooms } = (await openTestStorage(setting)).tables;
  expect(await people.lookAlikes("anna")).toEqual(["\u0410nna"]);
  // Both rooms stay. The name leads to the one that has its form.
  expect((await rooms.all()).map(({ id }) => id)).toHaveLength(3);
  expect(await rooms.findByName("te\u0430")).toMatchObject({ name: "Tea" });
});

test("people who are away, and too many ended sessions of a person, are found", async () => {
  const storage = await openTestStorage(await newDatabase());
  const end = (sessionId: string, expiresAt: number) => ({ sessionId, id: "ada", expiresAt });
  await storage.write(async (tx) => {
    for (const [index, name] of ["ada", "bo", "cy", "dee"].entries()) await tx.people.add(name, index);
    await tx.people.noteWriter("bo");
    for (let index = 0; index < 30; index++) await tx.endedSessions.add(end(`s${index}`, 1_000 + index), 0);
  });
  const { people, endedSessions } = storage.tables;
  expect([await people.findAway(2, 9), await people.findAway(2, 1)]).toEqual([["ada", "cy"], ["ada"]]);
  const ofAda = [end("s0", 1_000), end("s9", 1_009), end("s29", 1_029), end("older", 999), end("newer", 1_010)];
  const ends = await Promise.all(ofAda.map((session) => endedSessions.has(session)));
  expect(ends).toEqual([true, true, true, true, false]);
});

test("tables of a newer version are refused", async () => {
  const setting = await newDatabase();
  await (await openTestStorage(setting)).close();
  await (await connect(setting.url)).query("update chat.version set number = 99");
  await expect(openTestStorage(setting)).rejects.toThrow(/cannot be opened \(expected tables of version 5 or older/);
});

test("a server that does not answer, and a wrong address, are one clear sentence", async () => {
  await expect(openTestStorage({ kind: "postgres", url: "postgres://127.0.0.1:1/chat" })).rejects.toThrow(
    /^the tables in PostgreSQL cannot be opened \(connect ECONNREFUSED 127.0.0.1:1\); check the URL/,
  );
});

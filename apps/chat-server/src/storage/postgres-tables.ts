import { ASSISTANT } from "@tidings-apps/chat-contract";
import type { ClientBase } from "pg";
import { toComparableName } from "../comparable-name.ts";

/** The schema of the chat's tables. The log has another one in the same database. */
export const SCHEMA = "chat";

/**
 * The same tables as in a SQLite file. Each `rowid` is what every table of SQLite has: the order of the inserts. Names
 * are compared and sorted as bytes, whatever the language of the database is.
 */
const TABLES = `
create table people (
  name text collate "C" primary key, folded text collate "C" not null
);
create index people_folded on people (folded);
create table rooms (
  rowid bigint generated always as identity,
  id text collate "C" primary key, name text collate "C" not null, folded text collate "C" not null unique,
  topic text, topic_by text, opened_by text collate "C"
);
create index rooms_opened_by on rooms (opened_by);
create table messages (
  id text collate "C" primary key, room_id text collate "C" not null, number integer not null, author text not null,
  said text not null, sent_at bigint not null, key text collate "C",
  revision integer not null default 0, edited_at bigint, deleted_at bigint, reactions text not null default '[]'
);
create unique index messages_number on messages (room_id, number);
create unique index messages_key on messages (room_id, author, key) where key is not null;
create table places (
  rowid bigint generated always as identity,
  person text collate "C" not null, room_id text collate "C" not null,
  joined integer not null default 0, read integer not null default 0,
  primary key (person, room_id)
);
create table mentions (
  rowid bigint generated always as identity,
  person text collate "C" not null, room_id text collate "C" not null, number integer not null,
  primary key (person, room_id, number)
);
create index mentions_message on mentions (room_id, number);
create table ended_sessions (id text collate "C" primary key, expires_at bigint not null);
create table answers (id text collate "C" primary key, room_id text not null, question text not null);
create table slugs (slug text collate "C" primary key, count integer not null);
insert into rooms (id, name, folded) values ('lobby', 'Lobby', 'lobby');
insert into people (name, folded) values ('${ASSISTANT}', '${toComparableName(ASSISTANT)}');
`;

/**
 * Computes the comparable form of each name again: version 1 kept Cyrillic and Greek letters in it that look like Latin
 * ones, and version 3 several hyphens and apostrophes. If two rooms get the same form, both stay, and the name finds
 * one of them.
 */
async function compareAgain(client: ClientBase): Promise<void> {
  for (const [table, isFree] of [
    ["people", "true"],
    ["rooms", "not exists (select 1 from rooms where folded = $1)"],
  ] as const) {
    const { rows } = await client.query<{ name: string }>(`select name from ${table}`);
    for (const { name } of rows) {
      const values = [toComparableName(name), name];
      await client.query(`update ${table} set folded = $1 where name = $2 and folded <> $1 and ${isFree}`, values);
    }
  }
}

/** When people were last seen, and whether they have ever written: who can be forgotten, and who first. */
const SEEN = `
alter table people add column seen_at bigint not null default 0;
alter table people add column has_written integer not null default 0;
update people set has_written = 1 where name in (select author from messages);
create index people_away on people (has_written, seen_at, name);
create index ended_sessions_expiry on ended_sessions (expires_at, id);
`;

/** Who has ended a session; empty for those of older versions. A topic counts as written, too. */
const ENDED_BY = `
alter table ended_sessions add column person text collate "C" not null default '';
create index ended_sessions_person on ended_sessions (person, expires_at, id);
update people set has_written = 1 where name in (select topic_by from rooms);
`;

/** The n-th migration (from 0) upgrades version n to n + 1, so the number of migrations is the newest version. */
const MIGRATIONS: readonly ((client: ClientBase) => Promise<unknown>)[] = [
  (client) => client.query(TABLES),
  compareAgain,
  (client) => client.query(SEEN),
  compareAgain,
  (client) => client.query(ENDED_BY),
];

/**
 * Creates or upgrades the tables, in one transaction. Many servers may do so at the same time.
 *
 * @param lock the number of the lock of the chat's transactions
 * @throws Error if a newer version of the chat has written them
 */
export async function migrate(client: ClientBase, lock: number): Promise<void> {
  await client.query("begin isolation level read committed");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [lock]);
    await client.query(`create schema if not exists ${SCHEMA}`);
    // Without a primary key, a publication of all tables would refuse to delete a row.
    await client.query(`create table if not exists ${SCHEMA}.version (number integer primary key)`);
    const { rows } = await client.query<{ number: number }>(`select number from ${SCHEMA}.version`);
    const version = rows[0]?.number ?? 0;
    if (version > MIGRATIONS.length) {
      const expected = `expected tables of version ${MIGRATIONS.length} or older`;
      throw new Error(`${expected}, got version ${version}: a newer version of the chat has written them`);
    }
    for (const migration of MIGRATIONS.slice(version)) await migration(client);
    await client.query(`delete from ${SCHEMA}.version`);
    await client.query(`insert into ${SCHEMA}.version values ($1)`, [MIGRATIONS.length]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

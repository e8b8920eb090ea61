import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { toComparableName } from "./comparable-name.ts";
import { WriteRefused, type Patience } from "./write-queue.ts";

type SqlValue = string | number | null;

/** A prepared statement whose rows have the type `Row`. */
interface Statement<Row> {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
}

/** The part of a synchronous SQLite driver that the chat uses. */
export interface Database {
  exec(sql: string): unknown;
  /** The caller states the type of the rows; it has to agree with the tables below. */
  prepare<Row = unknown>(sql: string): Statement<Row>;
  close(): void;
}

type Driver = new (path: string) => Database;

/** Milliseconds that SQLite waits for another process while it opens the file. */
const BUSY_TIMEOUT = 5_000;
/** Milliseconds between two attempts to begin a transaction. */
const BUSY_RETRY_INTERVAL = 5;

const TABLES = `
create table people (name text primary key, folded text not null);
create index people_folded on people (folded);
create table rooms (id text primary key, name text not null, folded text not null unique, topic text, topic_by text);
create table messages (
  id text primary key, room_id text not null, number integer not null, author text not null,
  -- JSON of the text and of the mentions: libsql reads a plain text only up to its first NUL.
  said text not null, sent_at integer not null, key text
);
create unique index messages_number on messages (room_id, number);
create unique index messages_key on messages (room_id, author, key) where key is not null;
-- Memberships: whether the person has joined the room, and the number of the last message that they have read.
create table places (
  person text not null, room_id text not null, joined integer not null default 0, read integer not null default 0,
  primary key (person, room_id)
);
-- Unread mentions only.
create table mentions (
  person text not null, room_id text not null, number integer not null, primary key (person, room_id, number)
);
create table ended_sessions (id text primary key, expires_at integer not null);
insert into rooms (id, name, folded) values ('lobby', 'Lobby', 'lobby');
`;

/** Counts of rooms with the same slug; messages can be changed, and have reactions. */
const CHANGES = `
create table slugs (slug text primary key, count integer not null);
alter table messages add column revision integer not null default 0;
alter table messages add column edited_at integer;
alter table messages add column deleted_at integer;
-- JSON: by emoji, the names of the people.
alter table messages add column reactions text not null default '[]';
create index mentions_message on mentions (room_id, number);
`;

/**
 * Computes the comparable form of each name again: version 2 kept joiners in it. People whose names look the same stay.
 * If two rooms get the same form, both stay, and the name finds one of them.
 */
function compareAgain(database: Database): void {
  for (const table of ["people", "rooms"]) {
    const update = database.prepare(`update or ignore ${table} set folded = ? where rowid = ?`);
    const rows = database.prepare<{ row: number; name: string }>(`select rowid as row, name from ${table}`).all();
    for (const { row, name } of rows) update.run(toComparableName(name), row);
  }
}

/** Who has opened a room; null for the lobby and for rooms of older versions. */
const OPENERS = `
alter table rooms add column opened_by text;
create index rooms_opened_by on rooms (opened_by);
`;

/** The n-th migration (from 0) upgrades version n to n + 1, so the number of migrations is the newest version. */
const MIGRATIONS: readonly ((database: Database) => void)[] = [
  (database) => void database.exec(TABLES),
  (database) => void database.exec(CHANGES),
  compareAgain,
  (database) => void database.exec(OPENERS),
];

/**
 * Opens a database handle, and creates or upgrades the tables of the chat.
 * @param path a file, or `:memory:`
 * @throws Error if the file cannot be opened, is not a database, or was written by a newer version of the chat
 */
export function openDatabase(path: string): Database {
  let database: Database | undefined;
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    database = new (findDriver())(path);
    database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT}`);
    database.exec("pragma journal_mode = wal");
    database.exec("pragma synchronous = normal");
    migrate(database);
    return database;
  } catch (cause) {
    database?.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = "check the file and the room on its disk, or set TIDINGS_DB to another file";
    throw new Error(`the database "${path}" cannot be opened (${reason}); ${advice}.`, { cause });
  }
}

/**
 * Returns the same driver that the log uses, because both open the same file: two copies of SQLite in one process
 * release each other's locks (sqlite.org/howtocorrupt.html, section 2.2.1).
 */
function findDriver(): Driver {
  // Older versions of Node do not have the module, although its types say so. Safe: only the members of `Database` are
  // used.
  const node = process.getBuiltinModule("node:sqlite") as unknown as { DatabaseSync: Driver } | undefined;
  return node?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as Driver);
}

/** Upgrades the tables. It does not write to a file that is up to date, so the chat can start on a full disk. */
function migrate(database: Database): void {
  if (readVersion(database) === MIGRATIONS.length) return;
  database.exec("begin immediate");
  try {
    // Read it again: another process may have upgraded the file in the meantime.
    const version = readVersion(database);
    if (version > MIGRATIONS.length) {
      const expected = `expected tables of version ${MIGRATIONS.length} or older`;
      throw new Error(`${expected}, got version ${version}: a newer version of the chat has written them`);
    }
    for (const migration of MIGRATIONS.slice(version)) migration(database);
    database.exec(`pragma user_version = ${MIGRATIONS.length}`);
    database.exec("commit");
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function readVersion(database: Database): number {
  return database.prepare<{ user_version: number }>("pragma user_version").get()?.user_version ?? 0;
}

/**
 * Begins a transaction that writes. While another process writes, it waits in the event loop: a wait inside SQLite
 * would block all streams.
 * @throws WriteRefused if another process writes for longer than the patience, or if the queue closes
 */
export async function begin(database: Database, { deadline, signal }: Patience): Promise<void> {
  database.exec("pragma busy_timeout = 0");
  for (;;) {
    try {
      database.exec("begin immediate");
      return;
    } catch (error) {
      // The message comes from SQLite itself, so it is the same with every driver.
      const isBusy = error instanceof Error && /database is locked/.test(error.message);
      if (!isBusy) throw error;
      const canWait = performance.now() < deadline && !signal.aborted;
      if (!canWait) {
        throw new WriteRefused("Another program writes to the database; try again in a moment.", { cause: error });
      }
    }
    await delay(BUSY_RETRY_INTERVAL);
  }
}

/** Rolls back a transaction that has failed. */
export function rollBack(database: Database): void {
  try {
    database.exec("rollback");
  } catch {
    // SQLite has already rolled back, as it does if the disk is full. The first error explains more than this one.
  }
}

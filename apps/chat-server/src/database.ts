import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

type Value = string | number | null;

/** A statement whose rows have this shape. */
interface Statement<Row> {
  run(...values: Value[]): { readonly changes: number | bigint };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
}

/** What this program uses of a synchronous SQLite driver. */
export interface Database {
  exec(sql: string): unknown;
  /** The caller says what the rows look like; the tables below are what makes it true. */
  prepare<Row = unknown>(sql: string): Statement<Row>;
  close(): void;
}

type Driver = new (path: string) => Database;

/** How long it is waited for another process that writes, in milliseconds, and how often it is tried meanwhile. */
const PATIENCE = 5_000;
const BUSY_RETRY = 5;

const TABLES = `
create table people (name text primary key, folded text not null);
create index people_folded on people (folded);
create table rooms (id text primary key, name text not null, folded text not null unique, topic text, topic_by text);
create table messages (
  id text primary key, room_id text not null, number integer not null, author text not null,
  -- JSON of the text and of who is mentioned: libsql reads a plain text as far as its first NUL.
  said text not null, sent_at integer not null, key text
);
create unique index messages_number on messages (room_id, number);
create unique index messages_key on messages (room_id, author, key) where key is not null;
create table places (
  person text not null, room_id text not null, joined integer not null default 0, read integer not null default 0,
  primary key (person, room_id)
);
-- Those that are not read yet.
create table mentions (
  person text not null, room_id text not null, number integer not null, primary key (person, room_id, number)
);
create table ended_sessions (id text primary key, expires_at integer not null);
insert into rooms (id, name, folded) values ('lobby', 'Lobby', 'lobby');
`;

/** The n-th text leads from version n to n + 1, so their number is the version. */
const MIGRATIONS: readonly string[] = [TABLES];

/**
 * Opens a handle on the chat's tables and makes or upgrades them.
 * @param path a file, or `:memory:`
 * @throws Error when the file cannot be opened, is no database, or was written by a newer version of this program
 */
export function openDatabase(path: string): Database {
  let database: Database | undefined;
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    database = new (findDriver())(path);
    database.exec(`pragma busy_timeout = ${PATIENCE}`);
    database.exec("pragma journal_mode = wal");
    database.exec("pragma synchronous = normal");
    migrate(database);
    return database;
  } catch (cause) {
    database?.close();
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the database "${path}" cannot be opened (${said}); set TIDINGS_DB to another file.`, { cause });
  }
}

/**
 * The driver of the log, for both are on one file: two copies of SQLite in one process would take each other's locks away
 * (sqlite.org/howtocorrupt.html, 2.2.1).
 */
function findDriver(): Driver {
  // Older Nodes do not know the module, so its types say too much; it is used as a `Database` only.
  const node = process.getBuiltinModule("node:sqlite") as unknown as { DatabaseSync: Driver } | undefined;
  return node?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as Driver);
}

/** A file that is up to date is not written: the chat starts, and shows what it has, also when the disk is full. */
function migrate(database: Database): void {
  if (readVersion(database) === MIGRATIONS.length) return;
  database.exec("begin immediate");
  try {
    // Once more: another process may have been first.
    const version = readVersion(database);
    if (version > MIGRATIONS.length) {
      throw new Error(
        `expected tables of version ${MIGRATIONS.length} or older, got version ${version}: a newer chat has written them`,
      );
    }
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
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
 * Begins to write. It waits in the event loop and not inside SQLite, where everybody's stream would stand still as long.
 * @throws Error when another process writes for too long
 */
export async function begin(database: Database): Promise<void> {
  database.exec("pragma busy_timeout = 0");
  for (const since = performance.now(); ; await delay(BUSY_RETRY)) {
    try {
      return void database.exec("begin immediate");
    } catch (error) {
      // SQLite's words, whichever the driver is.
      const isBusy = error instanceof Error && /database is locked/.test(error.message);
      if (!isBusy || performance.now() - since >= PATIENCE) throw error;
    }
  }
}

/** Ends a transaction that has failed. */
export function rollBack(database: Database): void {
  try {
    database.exec("rollback");
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full. The first error says more.
  }
}

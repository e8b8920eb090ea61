import { ASSISTANT } from "@tidings-apps/chat-contract";
import { toComparableName } from "../comparable-name.ts";
import { rollBack, type SqliteHandle } from "./sqlite-handle.ts";

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
 * Computes the comparable form of each name again: version 2 kept joiners in it, version 6 Cyrillic and Greek
 * letters that look like Latin ones, and version 8 several hyphens and apostrophes. People whose names look the same
 * stay.
 * If two rooms get the same form, both stay, and the name finds one of them.
 */
function compareAgain(handle: SqliteHandle): void {
  for (const table of ["people", "rooms"]) {
    const update = handle.prepare(`update or ignore ${table} set folded = ? where rowid = ?`);
    const rows = handle.prepare<{ row: number; name: string }>(`select rowid as row, name from ${table}`).all();
    for (const { row, name } of rows) update.run(toComparableName(name), row);
  }
}

/** Who has opened a room; null for the lobby and for rooms of older versions. */
const OPENERS = `
alter table rooms add column opened_by text;
create index rooms_opened_by on rooms (opened_by);
`;

/** The assistant, which is mentioned like a person, and the answers that are being written. */
const ANSWERS = `
insert or ignore into people (name, folded) values ('${ASSISTANT}', '${toComparableName(ASSISTANT)}');
-- The id is that of the message. JSON of the question, for the same reason as above.
create table answers (id text primary key, room_id text not null, question text not null);
`;

/**
 * Entries that a relay appends to a log outside of this file. A position is never used twice, so that what is deleted
 * up to a position is what was read.
 */
const OUTBOX = `
create table outbox (position integer primary key autoincrement, entry text not null);
`;

/** When people were last seen, and whether they have ever written: who can be forgotten, and who first. */
const SEEN = `
alter table people add column seen_at integer not null default 0;
alter table people add column has_written integer not null default 0;
update people set has_written = 1 where name in (select author from messages);
create index people_away on people (has_written, seen_at, name);
create index ended_sessions_expiry on ended_sessions (expires_at, id);
`;

/** Who has ended a session; empty for those of older versions. A topic counts as written, too. */
const ENDED_BY = `
alter table ended_sessions add column person text not null default '';
create index ended_sessions_person on ended_sessions (person, expires_at, id);
update people set has_written = 1 where name in (select topic_by from rooms);
`;

/** The n-th migration (from 0) upgrades version n to n + 1, so the number of migrations is the newest version. */
const MIGRATIONS: readonly ((handle: SqliteHandle) => void)[] = [
  (handle) => void handle.exec(TABLES),
  (handle) => void handle.exec(CHANGES),
  compareAgain,
  (handle) => void handle.exec(OPENERS),
  (handle) => void handle.exec(ANSWERS),
  (handle) => void handle.exec(OUTBOX),
  compareAgain,
  (handle) => void handle.exec(SEEN),
  compareAgain,
  (handle) => void handle.exec(ENDED_BY),
];

/**
 * Creates or upgrades the tables of the chat. It does not write to a file that is up to date, so the chat can start on
 * a full disk.
 */
export function migrate(handle: SqliteHandle): void {
  if (readVersion(handle) === MIGRATIONS.length) return;
  handle.exec("begin immediate");
  try {
    // Read it again: another process may have upgraded the file in the meantime.
    const version = readVersion(handle);
    if (version > MIGRATIONS.length) {
      const expected = `expected tables of version ${MIGRATIONS.length} or older`;
      throw new Error(`${expected}, got version ${version}: a newer version of the chat has written them`);
    }
    for (const migration of MIGRATIONS.slice(version)) migration(handle);
    handle.exec(`pragma user_version = ${MIGRATIONS.length}`);
    handle.exec("commit");
  } catch (error) {
    rollBack(handle);
    throw error;
  }
}

function readVersion(handle: SqliteHandle): number {
  return handle.prepare<{ user_version: number }>("pragma user_version").get()?.user_version ?? 0;
}

import { END_TYPE } from "@tidings/protocol/mode";
import { RELIABLE, VALUE, VOLATILE, WITHDRAWAL } from "./entry-row.ts";
import type { SqliteTransaction } from "./driver.ts";
import type { LogFile } from "./log-file.ts";

/**
 * The overhead of an entry in the file, in bytes. 84 were measured, with a path of 9 letters, which the file stores
 * twice.
 */
const ENTRY_BYTES = 100;

/** The size of an entry, in bytes. `length` of a text counts characters, so the data is cast to a blob. */
export const sizeOf = (row: "new" | "old" | "tidings_entry"): string =>
  `(coalesce(length(cast(${row}.data as blob)), 0) + ${ENTRY_BYTES})`;

/** SQLite uses a partial index only for statements that repeat its condition in the same words. */
export const IS_KEPT = `kind in (${RELIABLE}, ${WITHDRAWAL})`;
export const IS_LATEST = `kind in (${VALUE}, ${WITHDRAWAL})`;

/** An entry that is the last one of its channel. */
export const IS_END = `type = '${END_TYPE}' and kind = ${RELIABLE}`;

/**
 * The tables share the application's file, so all names begin with `tidings_`.
 *
 * Triggers do the bookkeeping, because a publish inside the application's own transaction runs only one INSERT:
 * - A `latest` entry replaces the earlier entry of its key.
 * - Every reliable entry and every withdrawal that is deleted, by retention or by hand, leaves a mark, so no hole is
 *   silent. A withdrawal that a newer value has replaced leaves none: nobody needs it.
 */
const TABLES = `
create table tidings_meta (name text primary key, value) without rowid;
create table tidings_epoch (
  number integer primary key, epoch text not null unique, first integer not null, "end" integer
);
-- With autoincrement, SQLite never gives a seq out again. It does so with a plain rowid after the newest rows are gone.
create table tidings_entry (
  seq integer primary key autoincrement,
  channel text not null, type text not null, kind integer not null, key text not null,
  at integer not null, data text, expires_at integer, idempotency_key text
);
-- The kind is in the index, so that reading history skips values without reading their entries.
create index tidings_entry_channel on tidings_entry (channel, seq, kind);
create index tidings_entry_value on tidings_entry (channel, seq) where kind = ${VALUE};
create index tidings_entry_kept on tidings_entry (seq) where ${IS_KEPT};
create index tidings_entry_latest on tidings_entry (channel, type, key) where ${IS_LATEST};
create index tidings_entry_volatile on tidings_entry (at) where kind = ${VOLATILE};
create index tidings_entry_expires on tidings_entry (expires_at) where expires_at is not null;
-- For entries with a time in the future, after the clock went back.
create index tidings_entry_expiring on tidings_entry (at) where expires_at is not null;
create table tidings_channel (
  channel text primary key,
  -- The numbers of reliable entries, withdrawals and values, and their bytes. Volatile entries live for seconds and are
  -- not counted.
  entries integer not null, withdrawals integer not null, value_count integer not null,
  bytes integer not null, value_bytes integer not null,
  -- The seq of the last reliable entry or withdrawal that was deleted.
  trimmed_to integer not null default 0
) without rowid;
create index tidings_channel_trimmed on tidings_channel (trimmed_to) where trimmed_to > 0;
create table tidings_idempotency (
  channel text not null, key text not null, seq integer not null, at integer not null,
  dropped integer not null default 0,
  primary key (channel, key)
) without rowid;
-- A key is kept as long as its entry. Only keys without their entry expire.
create index tidings_idempotency_dropped on tidings_idempotency (at) where dropped = 1;

create trigger tidings_inserted after insert on tidings_entry when new.kind <> ${VOLATILE} begin
  insert into tidings_channel (channel, entries, withdrawals, value_count, bytes, value_bytes) values (
    new.channel, new.kind = ${RELIABLE}, new.kind = ${WITHDRAWAL}, new.kind = ${VALUE},
    iif(new.kind = ${VALUE}, 0, ${sizeOf("new")}), iif(new.kind = ${VALUE}, ${sizeOf("new")}, 0)
  ) on conflict (channel) do update set
    entries = entries + excluded.entries,
    withdrawals = withdrawals + excluded.withdrawals,
    value_count = value_count + excluded.value_count,
    bytes = bytes + excluded.bytes,
    value_bytes = value_bytes + excluded.value_bytes;
end;
create trigger tidings_inserted_latest after insert on tidings_entry when new.${IS_LATEST} begin
  delete from tidings_entry
    where ${IS_LATEST} and channel = new.channel and type = new.type and key = new.key and seq < new.seq;
end;
create trigger tidings_inserted_key after insert on tidings_entry when new.idempotency_key is not null begin
  insert into tidings_idempotency (channel, key, seq, at) values (new.channel, new.idempotency_key, new.seq, new.at);
end;
create trigger tidings_deleted after delete on tidings_entry when old.kind <> ${VOLATILE} begin
  update tidings_channel set
    entries = entries - (old.kind = ${RELIABLE}),
    withdrawals = withdrawals - (old.kind = ${WITHDRAWAL}),
    value_count = value_count - (old.kind = ${VALUE}),
    bytes = bytes - iif(old.kind = ${VALUE}, 0, ${sizeOf("old")}),
    value_bytes = value_bytes - iif(old.kind = ${VALUE}, ${sizeOf("old")}, 0),
    trimmed_to = iif(old.kind = ${RELIABLE}, max(trimmed_to, old.seq), trimmed_to)
  where channel = old.channel;
end;
create trigger tidings_deleted_withdrawal after delete on tidings_entry when old.kind = ${WITHDRAWAL} begin
  update tidings_channel set trimmed_to = max(trimmed_to, old.seq) where channel = old.channel and not exists (
    select 1 from tidings_entry where ${IS_LATEST} and channel = old.channel and type = old.type and key = old.key
  );
end;
create trigger tidings_deleted_key after delete on tidings_entry when old.idempotency_key is not null begin
  update tidings_idempotency set dropped = 1
    where channel = old.channel and key = old.idempotency_key and seq = old.seq;
end;
`;

/** The condition of a channel that has no entry left. */
export const IS_EMPTY = "entries + withdrawals + value_count = 0";
const entriesOf = (row: "new" | "old"): string => `(${row}.entries + ${row}.withdrawals + ${row}.value_count)`;

const UPDATE_TOTALS = `update tidings_total set
    entries = entries + ${entriesOf("new")} - ${entriesOf("old")},
    bytes = bytes + new.bytes - old.bytes,
    value_bytes = value_bytes + new.value_bytes - old.value_bytes,
    empty_channels = empty_channels + (${entriesOf("new")} = 0) - (${entriesOf("old")} = 0);`;

/**
 * The totals of all channels, so that neither retention nor `stat()` looks at every channel.
 *
 * `forgotten_to` is the largest mark of the channels that were forgotten. It is the mark of every channel without a
 * row, also of one that is used again.
 */
const TOTALS = `
create table tidings_total (
  entries integer not null, bytes integer not null, value_bytes integer not null, empty_channels integer not null,
  forgotten_to integer not null
);
insert into tidings_total
select coalesce(sum(entries + withdrawals + value_count), 0), coalesce(sum(bytes), 0), coalesce(sum(value_bytes), 0),
  coalesce(sum(${IS_EMPTY}), 0), 0 from tidings_channel;
create index tidings_channel_empty on tidings_channel (trimmed_to) where ${IS_EMPTY};

create trigger tidings_channel_inserted after insert on tidings_channel begin
  update tidings_total set
    entries = entries + ${entriesOf("new")}, bytes = bytes + new.bytes, value_bytes = value_bytes + new.value_bytes;
  update tidings_channel set trimmed_to = (select forgotten_to from tidings_total)
    where channel = new.channel and exists (select 1 from tidings_total where forgotten_to > 0);
end;
create trigger tidings_channel_updated after update on tidings_channel begin
  ${UPDATE_TOTALS}
end;
create trigger tidings_channel_deleted after delete on tidings_channel begin
  update tidings_total set
    entries = entries - ${entriesOf("old")}, bytes = bytes - old.bytes, value_bytes = value_bytes - old.value_bytes,
    empty_channels = empty_channels - (${entriesOf("old")} = 0);
end;
`;

/** Retention by rules, of which each channel has another one. */
const DUE = `
-- When the oldest reliable entry or withdrawal becomes too old, or a time before that. Null if it is not known.
alter table tidings_channel add column due_at integer;
-- No reliable entry and no withdrawal up to this seq is left. So a search that begins here does not pass the values
-- that lie before what is kept.
alter table tidings_channel add column dropped_to integer not null default 0;
create index tidings_channel_due on tidings_channel (due_at) where due_at is not null;

drop trigger tidings_channel_updated;
create trigger tidings_channel_updated
after update of entries, withdrawals, value_count, bytes, value_bytes on tidings_channel begin
  ${UPDATE_TOTALS}
end;
`;

/**
 * The ends of channels. When one is deleted, nothing of its channel is left. Its mark is the mark of every channel
 * without a row then.
 */
const ENDS = `
create index tidings_entry_end on tidings_entry (channel, seq) where ${IS_END};
create trigger tidings_deleted_end after delete on tidings_entry
when old.type = '${END_TYPE}' and old.kind = ${RELIABLE} begin
  update tidings_total set forgotten_to = max(forgotten_to, old.seq);
  delete from tidings_entry where channel = old.channel;
  delete from tidings_channel where channel = old.channel;
end;
`;

/** The statements that upgrade a file: text n leads from version n to n + 1, so their number is the newest version. */
export const MIGRATIONS: readonly string[] = [TABLES, TOTALS, DUE, ENDS];

/** @throws Error if a newer version of this package has written the file */
export function refuseNewer(file: LogFile, migrations = MIGRATIONS): void {
  const version = readVersion(file);
  if (version <= migrations.length) return;
  throw new Error(
    `expected tables of version ${migrations.length} or older, got version ${version}: ` +
      "a newer @tidings/log-sqlite has written them; upgrade this one",
  );
}

/**
 * Creates or upgrades the tables, in one transaction. It does not write a file that is up to date, and so does not wait
 * for other writers then.
 *
 * @param epoch the name of the first epoch of a new log
 * @returns whether the log is new: no other process has created its tables
 * @throws Error if a newer version of this package has written the file
 */
export function prepareSchema(file: LogFile, epoch: string, migrations = MIGRATIONS): boolean {
  refuseNewer(file, migrations);
  if (readVersion(file) === migrations.length) return false;
  return file.transact("begin immediate", () => {
    // Check again: another process may have upgraded the file in the meantime.
    refuseNewer(file, migrations);
    const version = readVersion(file);
    for (const migration of migrations.slice(version)) file.exec(migration);
    file.prepare("insert or replace into tidings_meta values ('version', ?)").run(migrations.length);
    if (version === 0) file.prepare("insert into tidings_epoch (epoch, first) values (?, 1)").run(epoch);
    return version === 0;
  });
}

/** Ends the running epoch at its last entry, `head`, and begins a new one. Runs inside a transaction. */
export function beginEpoch(file: SqliteTransaction, epoch: string, head: number): void {
  file.prepare('update tidings_epoch set "end" = ? where "end" is null').run(head);
  file.prepare("insert into tidings_epoch (epoch, first) values (?, ?)").run(epoch, head + 1);
}

/** The newest `seq` that an entry has ever had, as a part of a statement. Deleting entries does not change it. */
export const HEAD = "(select seq from sqlite_sequence where name = 'tidings_entry')";

/** The newest `seq` that an entry has ever had; 0 if none has. */
export function readHead(file: LogFile): number {
  return Number(file.prepare(`select ${HEAD} as seq`).get()?.["seq"] ?? 0);
}

/** The version of the tables; 0 if the file has no log yet. */
export function readVersion(file: LogFile): number {
  const table = file.prepare("select 1 from sqlite_master where type = 'table' and name = 'tidings_meta'").get();
  if (table === undefined) return 0;
  return Number(file.prepare("select value from tidings_meta where name = 'version'").get()?.["value"] ?? 0);
}

/** The name of the running epoch. */
export function readEpoch(file: LogFile): string {
  return String(file.prepare("select epoch from tidings_epoch order by number desc limit 1").get()?.["epoch"]);
}

/** Whether the log has or had this epoch. */
export function hasEpoch(file: LogFile, epoch: string): boolean {
  return file.prepare("select 1 from tidings_epoch where epoch = ?").get(epoch) !== undefined;
}

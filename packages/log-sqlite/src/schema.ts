import { RELIABLE, VALUE, VOLATILE, WITHDRAWAL } from "./entry-row.ts";
import type { LogFile } from "./log-file.ts";

/** What an entry takes in the file beside its data, in bytes: 84 were measured with a path of 9 letters, which stands there twice. */
const ENTRY_BYTES = 100;

/** In bytes, since `length` of a text counts letters. */
export const sizeOf = (row: "new" | "old" | "tidings_entry"): string =>
  `(coalesce(length(cast(${row}.data as blob)), 0) + ${ENTRY_BYTES})`;

/** Spelled alike in the index and in the statements that are to use it: SQLite compares the text. */
export const IS_KEPT = `kind in (${RELIABLE}, ${WITHDRAWAL})`;
const IS_LATEST = `kind in (${VALUE}, ${WITHDRAWAL})`;

/**
 * The tables share the application's file, so all names begin with `tidings_`.
 *
 * The bookkeeping is done by triggers, because a publish inside the application's own transaction runs nothing but one INSERT:
 * a `latest` entry replaces the former one of its key, and every reliable entry and every withdrawal that is deleted – by retention
 * or by hand – leaves its mark, so a hole can never be silent. A withdrawal that a newer value has replaced is missed by nobody.
 */
const TABLES = `
create table tidings_meta (name text primary key, value) without rowid;
create table tidings_epoch (number integer primary key, epoch text not null unique, first integer not null, "end" integer);
-- Autoincrement: a plain rowid is given out again after the newest rows were deleted.
create table tidings_entry (
  seq integer primary key autoincrement,
  channel text not null, type text not null, kind integer not null, key text not null,
  at integer not null, data text, expires_at integer, idempotency_key text
);
-- With the kind, so that history passes over values without a look at the entries.
create index tidings_entry_channel on tidings_entry (channel, seq, kind);
create index tidings_entry_value on tidings_entry (channel, seq) where kind = ${VALUE};
create index tidings_entry_kept on tidings_entry (seq) where ${IS_KEPT};
create index tidings_entry_latest on tidings_entry (channel, type, key) where ${IS_LATEST};
create index tidings_entry_volatile on tidings_entry (at) where kind = ${VOLATILE};
create index tidings_entry_expires on tidings_entry (expires_at) where expires_at is not null;
-- What comes from the future, after the clock went back.
create index tidings_entry_expiring on tidings_entry (at) where expires_at is not null;
create table tidings_channel (
  channel text primary key,
  -- How many reliable entries, withdrawals and values, and their bytes. Hints live for seconds and are not counted.
  entries integer not null, withdrawals integer not null, value_count integer not null,
  bytes integer not null, value_bytes integer not null,
  -- The last reliable entry or withdrawal that was deleted.
  trimmed_to integer not null default 0
) without rowid;
create index tidings_channel_trimmed on tidings_channel (trimmed_to) where trimmed_to > 0;
create table tidings_idempotency (
  channel text not null, key text not null, seq integer not null, at integer not null, dropped integer not null default 0,
  primary key (channel, key)
) without rowid;
-- A key is known as long as its entry is kept; only the others grow old.
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
  update tidings_idempotency set dropped = 1 where channel = old.channel and key = old.idempotency_key and seq = old.seq;
end;
`;

/** What brings an older file up to date: the n-th text leads from version n to n + 1, so their number is the version. */
export const MIGRATIONS: readonly string[] = [TABLES];

/** @throws Error when a newer version of this package has written the file */
export function refuseNewer(file: LogFile, migrations = MIGRATIONS): void {
  const version = readVersion(file);
  if (version <= migrations.length) return;
  throw new Error(
    `expected tables of version ${migrations.length} or older, got version ${version}: a newer @tidings/log-sqlite has written them; upgrade this one`,
  );
}

/** Makes or upgrades the tables, in one transaction. A file that is up to date is not written, so nobody is waited for. */
export function prepareSchema(file: LogFile, epoch: string, migrations = MIGRATIONS): void {
  refuseNewer(file, migrations);
  if (readVersion(file) === migrations.length) return;
  file.transact("begin immediate", () => {
    // Once more: another process may have been first.
    refuseNewer(file, migrations);
    const version = readVersion(file);
    for (const migration of migrations.slice(version)) file.exec(migration);
    file.prepare("insert or replace into tidings_meta values ('version', ?)").run(migrations.length);
    if (version === 0) file.prepare("insert into tidings_epoch (epoch, first) values (?, 1)").run(epoch);
  });
}

/** Ends the running epoch at the newest entry and begins another. */
export function beginEpoch(file: LogFile, epoch: string): void {
  file.transact("begin immediate", () => {
    const head = readHead(file);
    file.prepare('update tidings_epoch set "end" = ? where "end" is null').run(head);
    file.prepare("insert into tidings_epoch (epoch, first) values (?, ?)").run(epoch, head + 1);
  });
}

/** The newest `seq` that was ever given out; deleting entries does not move it. */
export function readHead(file: LogFile): number {
  return Number(file.prepare("select seq from sqlite_sequence where name = 'tidings_entry'").get()?.["seq"] ?? 0);
}

/** Zero: the file has no log yet. */
export function readVersion(file: LogFile): number {
  const table = file.prepare("select 1 from sqlite_master where type = 'table' and name = 'tidings_meta'").get();
  if (table === undefined) return 0;
  return Number(file.prepare("select value from tidings_meta where name = 'version'").get()?.["value"] ?? 0);
}

/** The running epoch. */
export function readEpoch(file: LogFile): string {
  return String(file.prepare("select epoch from tidings_epoch order by number desc limit 1").get()?.["epoch"]);
}

import { END_TYPE } from "@tidings/protocol/mode";

/** The overhead of an entry in the tables and their indexes that `bytes` counts, in bytes. */
export const ENTRY_BYTES = 200;

// The kinds of entries. A withdrawal is a kind of its own, because retention and reads do not treat it like a value.

export const RELIABLE = 0;
export const VALUE = 1;
export const VOLATILE = 2;
export const WITHDRAWAL = 3;

export const IS_LATEST = `kind in (${VALUE}, ${WITHDRAWAL})`;

/** An entry that is the last one of its channel. */
export const isEnd = (row: string): string => `(${row}.type = '${END_TYPE}' and ${row}.kind = ${RELIABLE})`;

/** Whether the channel of an entry has ended. */
export const isOfEnded = (schema: string, row: string): string =>
  `exists (select 1 from ${schema}.entry ended where ended.channel = ${row}.channel and ${isEnd("ended")})`;

/** A value, or the end of a channel. */
export const isCurrent = (row: string): string => `(${row}.kind = ${VALUE} or ${isEnd(row)})`;

/**
 * Settings of the functions that search the entries. Each search is a range of one index, in its order. Of tables that
 * have just grown, the planner knows nothing: it would read whole channels or the whole log and sort them, and compile
 * such plans.
 */
export const BY_INDEX = "set enable_bitmapscan = off set enable_seqscan = off set jit = off";

/** Whether a newer value or withdrawal has replaced the entry `row`. */
export const isSuperseded = (schema: string, row: string): string => `exists (
  select 1 from ${schema}.entry newer where newer.channel = ${row}.channel and newer.type = ${row}.type
    and hashtextextended(newer.key, 0) = hashtextextended(${row}.key, 0) and newer.key = ${row}.key
    and newer.${IS_LATEST} and newer.seq > ${row}.seq)`;

/**
 * The tables. An append only inserts rows into `entry` and `idempotency`, so appends of transactions with old snapshots
 * do not fail. Retention does the bookkeeping: the mark `settled` says up to which `seq` the counts are complete.
 *
 * @param schema the quoted name
 */
export const tables = (schema: string): string => `
-- Every table has a primary key: without one, a publication of all tables would refuse each change of a row.
create table ${schema}.version (number integer primary key);

create table ${schema}.epoch (
  -- No sequence: on a server that got the rows alone, it would count from the beginning.
  number integer primary key, epoch text collate "C" not null unique,
  first bigint not null, "end" bigint,
  -- The server and its timeline when the epoch began. Null if the server does not say.
  server text
);

-- The epoch that a position belongs to.
create function ${schema}.epoch_of(of_seq bigint) returns text language sql stable as $$
  select epoch from ${schema}.epoch where first <= of_seq order by number desc limit 1
$$;

-- Up to the largest integer that JavaScript counts exactly.
create sequence ${schema}.seq maxvalue ${Number.MAX_SAFE_INTEGER};

create table ${schema}.entry (
  seq bigint primary key,
  channel text collate "C" not null, type text collate "C" not null, kind smallint not null,
  key text collate "C" not null, at bigint not null, data text, expires_at bigint,
  idempotency_key text collate "C"
);
-- The kind is in the index, so that reading history skips values without reading their entries.
create index entry_channel on ${schema}.entry (channel, seq) include (kind);
create index entry_current on ${schema}.entry (channel, seq) where ${isCurrent("entry")};
create index entry_end on ${schema}.entry (channel, seq) where ${isEnd("entry")};
-- A key may be longer than an entry of an index, so the index has its hash.
create index entry_latest on ${schema}.entry (channel, type, hashtextextended(key, 0), seq) where ${IS_LATEST};
create index entry_volatile on ${schema}.entry (at) where kind = ${VOLATILE};
create index entry_expires on ${schema}.entry (expires_at) where expires_at is not null;
-- For values with a time in the future, after the clock went back.
create index entry_expiring on ${schema}.entry (at) where expires_at is not null;

create table ${schema}.idempotency (
  channel text collate "C" not null, key text collate "C" not null, seq bigint not null, at bigint not null,
  dropped boolean not null default false,
  primary key (channel, key)
);
-- A key is kept as long as its entry. Only keys without their entry expire.
create index idempotency_dropped on ${schema}.idempotency (at) where dropped;

-- What transactions publish, until they commit. Rows of another transaction are never visible here. The table is
-- empty between two transactions, so it need not survive a crash.
create unlogged table ${schema}.staged (
  id bigint generated always as identity primary key,
  -- Who may insert must not insert for others: what is staged for a transaction may make its commit fail.
  transaction xid8 not null default pg_current_xact_id() check (transaction = pg_current_xact_id()),
  -- A stream could not go on after an event whose name has a line break.
  channel text not null check (channel <> '' and channel !~ '[\\r\\n]'),
  type text not null check (type <> '' and type !~ '[\\r\\n]'),
  mode text not null default 'reliable' check (mode in ('reliable', 'latest', 'volatile')),
  key text not null default '', data json check (data is not null or mode = 'latest'),
  expires bigint check (expires > 0), idempotency_key text,
  at bigint,
  -- When the statement began, if it must not be the whole transaction.
  inside_since timestamptz
);
create index staged_transaction on ${schema}.staged (transaction, id);

create table ${schema}.channel (
  channel text collate "C" primary key,
  -- The numbers of reliable entries, withdrawals and values, and their bytes. Volatile entries are not counted.
  entries bigint not null, withdrawals bigint not null, value_count bigint not null,
  bytes bigint not null, value_bytes bigint not null,
  -- The seq of the last reliable entry or withdrawal that was deleted: where the hole ends.
  trimmed_to bigint not null,
  -- No reliable entry up to this seq is left. A search that starts here does not pass the deleted ones again, which a
  -- long transaction elsewhere keeps in the index.
  dropped_to bigint not null default 0,
  -- The same for reliable entries and withdrawals together.
  aged_to bigint not null default 0,
  -- When the oldest reliable entry or withdrawal becomes too old, or a time before that. Null if there is none.
  due_at bigint
);
create index channel_due on ${schema}.channel (due_at) where due_at is not null;
create index channel_trimmed on ${schema}.channel (trimmed_to);
create index channel_empty on ${schema}.channel (trimmed_to) where entries + withdrawals + value_count = 0;

-- The rules of retention. Of those whose regular expression fits a channel, the one with the smallest place holds. The
-- last one fits every channel. The table is empty while no rules are stored.
create table ${schema}.rule (
  place integer primary key, fits text collate "C" not null, entries bigint not null, age bigint not null
);
-- The same rules as a text of JSON. And the last channel that was looked at since they have changed; null if all were.
create table ${schema}.retention (
  number integer primary key default 1 check (number = 1), rules text, searched_to text collate "C"
);
insert into ${schema}.retention default values;

-- The totals of all channels, in one row.
create table ${schema}.total (
  number integer primary key default 1 check (number = 1),
  entries bigint not null default 0, bytes bigint not null default 0, value_bytes bigint not null default 0,
  empty_channels bigint not null default 0
);
insert into ${schema}.total default values;

-- How many channels have ended, in rows by a hash of the channel. A transaction that does not see what was appended
-- since it began fails when it locks such a row.
create table ${schema}.ending (slot integer primary key, number bigint not null default 0);
insert into ${schema}.ending select * from generate_series(0, 255);

-- Positions that only grow, each in the newest of its rows:
-- settled: up to here, the counts are complete. trimmed: the largest mark of a channel. forgotten: the mark of every
-- channel without a row. dropped: no reliable entry and no withdrawal up to here is left.
-- due: not a seq but a time, in milliseconds since 1970: no channel is due up to then.
-- A new row takes the place of an update, because every read needs these: a long transaction elsewhere keeps all
-- versions of an updated row, and each read would pass them. The newest row is found without the older ones.
create table ${schema}.mark (name text collate "C", seq bigint, primary key (name, seq));

create function ${schema}.mark_of(given text) returns bigint language sql stable as $$
  select coalesce(max(seq), 0) from ${schema}.mark where name = given
$$;

create function ${schema}.move_mark(given text, forward bigint) returns void language plpgsql volatile as $$
declare
  former bigint := ${schema}.mark_of(given);
begin
  if forward is null or forward <= former then return; end if;
  insert into ${schema}.mark values (given, forward);
  delete from ${schema}.mark where name = given and seq = former;
end $$;
`;

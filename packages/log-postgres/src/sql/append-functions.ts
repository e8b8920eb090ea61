import { END_TYPE } from "@tidings/protocol/mode";
import { BY_INDEX, RELIABLE, VALUE, VOLATILE, WITHDRAWAL } from "./tables.ts";

const KIND = `case
  when item.mode = 'reliable' then ${RELIABLE} when item.mode = 'volatile' then ${VOLATILE}
  when item.data is null then ${WITHDRAWAL} else ${VALUE} end`;

/**
 * The functions that append. All of them take one lock and give out the `seq` under it. The lock is released after the
 * commit has become visible, so the order of `seq` is the order in which entries become visible.
 *
 * @param schema the quoted name
 * @param name the name, as a part of texts; it needs no quotes
 */
export const appendFunctions = (schema: string, name: string): string => `
-- Milliseconds since 1970, by the clock of the server.
create function ${schema}.now() returns bigint language sql volatile as $$
  select floor(extract(epoch from clock_timestamp()) * 1000)::bigint
$$;

-- The newest position. It does not go back when retention deletes the newest entries: only settled ones are deleted.
create function ${schema}.head() returns bigint language sql stable as $$
  select greatest((select max(seq) from ${schema}.entry), ${schema}.mark_of('settled'))
$$;

-- The server, its timeline, the database and the table there. After a failover, a restored backup or a restored dump,
-- one of them is another one. Null where the server refuses to say.
create function ${schema}.server() returns text language plpgsql volatile as $$
begin
  return (select system_identifier from pg_control_system())::text
    || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
    || '/' || (select oid from pg_database where datname = current_database())
    || '/' || '${schema}.entry'::regclass::oid;
exception when others then
  return null;
end $$;

-- Waits for the other transactions that append.
create function ${schema}.lock_appends() returns void language sql volatile as $$
  select pg_advisory_xact_lock(hashtextextended('tidings append ${name}', 0))
$$;

create function ${schema}.begin_epoch() returns void language plpgsql volatile as $$
declare
  last bigint;
begin
  perform ${schema}.lock_appends();
  last := ${schema}.head();
  -- Neither a logical replication nor a copy of the rows alone takes the sequence along.
  if coalesce(pg_sequence_last_value('${schema}.seq'), 0) < last then
    perform setval('${schema}.seq', last);
  end if;
  update ${schema}.epoch set "end" = last where "end" is null;
  insert into ${schema}.epoch (number, epoch, first, server)
  select (select coalesce(max(number), 0) + 1 from ${schema}.epoch), left(id, 8) || right(id, 8), last + 1,
    ${schema}.server()
  from (select replace(gen_random_uuid()::text, '-', '') as id) token;
  perform pg_notify('${name}', '');
end $$;

-- Whether another server has taken over since the epoch began, maybe without the last entries.
create function ${schema}.is_other_server() returns boolean language sql volatile as $$
  select coalesce(${schema}.server() <> server or (server is null and ${schema}.server() is not null), false)
  from ${schema}.epoch order by number desc limit 1
$$;

-- Comes before every append. With "synchronous_commit = off", a crash would take commits that readers have seen, and
-- their positions would be given out again in the same epoch. So the transaction commits as by default.
create function ${schema}.begin_append() returns void language plpgsql volatile as $$
begin
  perform ${schema}.lock_appends();
  if current_setting('synchronous_commit') = 'off' then perform set_config('synchronous_commit', 'on', true); end if;
  if ${schema}.is_other_server() then perform ${schema}.begin_epoch(); end if;
  perform pg_notify('${name}', '');
end $$;

-- Appends one entry. Needs the lock.
create function ${schema}.place(
  to_channel text, of_type text, of_kind integer, for_key text, with_data text, lifetime bigint, once text,
  at_time bigint, out seq bigint, out duplicate boolean
) language plpgsql volatile as $$
begin
  if once is not null then
    select known.seq into seq from ${schema}.idempotency known where known.channel = to_channel and known.key = once;
    duplicate := found;
    if duplicate then return; end if;
  end if;
  duplicate := false;
  seq := nextval('${schema}.seq');
  insert into ${schema}.entry (seq, channel, type, kind, key, at, data, expires_at, idempotency_key)
  values (seq, to_channel, of_type, of_kind, for_key, at_time, with_data,
    case when of_kind = ${VALUE} then at_time + lifetime end, once);
  if once is not null then
    insert into ${schema}.idempotency (channel, key, seq, at) values (to_channel, once, seq, at_time);
  end if;
  if of_type = '${END_TYPE}' and of_kind = ${RELIABLE} then
    update ${schema}.ending set number = number + 1 where slot = ${schema}.slot_of(to_channel);
  end if;
end $$;

-- Appends batches in one transaction, without those that conflict. The log's own appends use it. The position of a
-- duplicate may be of an earlier epoch.
create function ${schema}.append(batches json, patience integer)
returns table (epoch text, seq bigint, duplicate boolean, conflict bigint, found_id text)
language plpgsql volatile as $$
declare
  batch record;
  item record;
  placed record;
  running text;
begin
  perform set_config('lock_timeout', patience::text, true);
  perform ${schema}.begin_append();
  select newest.epoch into running from ${schema}.epoch newest order by number desc limit 1;
  for batch in select * from json_to_recordset(batches) as given(entries json, conditional boolean) loop
    conflict := null;
    perform ${schema}.refuse_ended(batch.entries, true);
    if batch.conditional then select * into conflict, found_id from ${schema}.find_conflict(batch.entries); end if;
    for item in select *, encoded as data from json_to_recordset(batch.entries) as given(
      channel text, type text, mode text, key text, encoded text, expires bigint, "idempotencyKey" text, at bigint
    ) loop
      if conflict is null then
        placed := ${schema}.place(item.channel, item.type, ${KIND}, coalesce(item.key, ''), item.data, item.expires,
          item."idempotencyKey", coalesce(item.at, ${schema}.now()));
        seq := placed.seq;
        duplicate := placed.duplicate;
        epoch := case when duplicate then ${schema}.epoch_of(seq) else running end;
      end if;
      return next;
    end loop;
  end loop;
end $$;

-- Appends what this transaction has staged. Needs the lock.
create function ${schema}.place_staged() returns void language plpgsql volatile as $$
declare
  item record;
begin
  perform ${schema}.refuse_ended(${schema}.staged_entries(), true);
  for item in select * from ${schema}.staged where transaction = pg_current_xact_id() order by id loop
    perform ${schema}.place(item.channel, item.type, ${KIND}, item.key, item.data::text, item.expires,
      item.idempotency_key, coalesce(item.at, ${schema}.now()));
  end loop;
  delete from ${schema}.staged where transaction = pg_current_xact_id();
end $$;

-- Appends what a transaction has staged, when it commits. It has the rights of its owner, so every role that may insert
-- into the table may publish.
create function ${schema}.on_commit() returns trigger language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp ${BY_INDEX} as $$
begin
  if new.inside_since = statement_timestamp() then
    raise exception 'expected a transaction that was begun before, got a statement that commits by itself'
      using errcode = 'no_active_sql_transaction';
  end if;
  -- Before it looks at the table: if another serializable transaction inserted there afterwards and committed before
  -- this one, this one would fail.
  perform ${schema}.lock_appends();
  -- The first row of the transaction places them all. A condition has placed those that came before it.
  if not exists (select 1 from ${schema}.staged where id = new.id) then return null; end if;
  perform ${schema}.begin_append();
  perform ${schema}.place_staged();
  return null;
end $$;
create constraint trigger on_commit after insert on ${schema}.staged deferrable initially deferred
for each row execute function ${schema}.on_commit();
-- Also where triggers are off (session_replication_role), as while much is imported: the event would be lost.
alter table ${schema}.staged enable always trigger on_commit;
`;

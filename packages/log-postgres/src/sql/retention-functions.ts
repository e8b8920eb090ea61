import { IDEMPOTENCY_AGE, VOLATILE_AGE } from "@tidings/log";
import { change, counts, IS_EMPTY, OF_CHANNEL, SIZE } from "./bookkeeping.ts";
import { BY_INDEX, IS_LATEST, isOfEnded, isSuperseded, RELIABLE, VALUE, VOLATILE, WITHDRAWAL } from "./tables.ts";

/** Whether a value that may expire has done so. Its time may be in the future, after the clock went back. */
const HAS_EXPIRED = "(expires_at <= now_at or (at > now_at and at - now_at >= expires_at - at))";

/**
 * The functions of retention. They collect what they delete in an array: it is found by the index then, whatever the
 * planner knows of tables that have just been filled. Each does about `max_rows` rows of its work, and returns their
 * number. They delete settled entries only, and never the newest value of a key.
 */
const steps = (schema: string): string => `
-- Counts the entries that were appended since the last time, and deletes the values that they have replaced. Returns
-- the number of entries, and their channels.
create function ${schema}.settle(keep_age bigint, max_rows integer, out found_rows bigint, out channels text[])
language plpgsql volatile ${BY_INDEX} as $$
declare
  since bigint := ${schema}.mark_of('settled');
  dealt_with bigint := ${schema}.mark_of('due');
  upto bigint;
begin
  select max(seq), count(*) into upto, found_rows
  from (select seq from ${schema}.entry where seq > since order by seq limit max_rows) appended;
  channels := array[]::text[];
  if found_rows = 0 then return; end if;
  with counted as (
    insert into ${schema}.channel (channel, ${OF_CHANNEL.join(", ")}, trimmed_to, due_at)
    select channel, ${counts("true")}, (select ${schema}.mark_of('forgotten')),
      case when bool_or(kind <> ${VALUE}) then greatest(dealt_with + 1,
        min(at) filter (where kind <> ${VALUE}) + (select age from ${schema}.keep_of(channel, 0, keep_age))) end
    from ${schema}.entry where seq > since and seq <= upto and kind <> ${VOLATILE} group by channel
    on conflict (channel) do update set ${change("+", "excluded", OF_CHANNEL, "channel")},
      due_at = coalesce(channel.due_at, excluded.due_at)
    returning channel
  ) select array_agg(channel) into channels from counted;
  perform ${schema}.move_mark('settled', upto);
  delete from ${schema}.entry where seq = any (array(
    with appended as (
      select seq, channel, type, key, row_number() over (partition by channel, type, key order by seq desc) as age
      from ${schema}.entry where seq > since and seq <= upto and ${IS_LATEST}
    )
    select seq from appended where age > 1
    union all
    -- Of the settled entries of a key, only the newest is left.
    select former.seq from appended cross join lateral (
      select seq from ${schema}.entry where channel = appended.channel and type = appended.type
        and hashtextextended(key, 0) = hashtextextended(appended.key, 0) and key = appended.key
        and ${IS_LATEST} and seq <= since order by seq desc limit 1
    ) former where age = 1
  ));
end $$;

create function ${schema}.drop_volatile(now_at bigint, max_rows integer) returns bigint
language sql volatile ${BY_INDEX} as $$
  with gone as (
    delete from ${schema}.entry where seq = any (array(
      select seq from ${schema}.entry
      where kind = ${VOLATILE} and (at <= now_at - ${VOLATILE_AGE} or at >= now_at + ${VOLATILE_AGE})
        and seq <= ${schema}.mark_of('settled') limit max_rows
    )) returning 1
  ) select count(*) from gone
$$;

-- Drops the oldest entries of the log while the log is too large.
create function ${schema}.drop_oldest(keep_bytes bigint, max_rows integer) returns bigint
language plpgsql volatile ${BY_INDEX} as $$
declare
  settled bigint := ${schema}.mark_of('settled');
  dropped bigint := ${schema}.mark_of('dropped');
  excess bigint := (select bytes from ${schema}.total) - keep_bytes;
  last bigint;
begin
  if excess <= 0 then return 0; end if;
  select max(seq) filter (where bytes_before < excess) into last from (
    select seq, coalesce(sum(${SIZE}) over (order by seq rows between unbounded preceding and 1 preceding), 0)
      as bytes_before
    from ${schema}.entry
    where seq > dropped and seq <= settled and kind in (${RELIABLE}, ${WITHDRAWAL})
    order by seq limit max_rows
  ) sized;
  perform ${schema}.move_mark('dropped', last);
  with gone as (
    delete from ${schema}.entry
    where seq > dropped and seq <= last and kind in (${RELIABLE}, ${WITHDRAWAL}) returning 1
  ) select count(*) into last from gone;
  return last;
end $$;

-- Drops the oldest entries and withdrawals of the channels that have too many, at most "max_rows". It gets the names of
-- channels: a search in the index of all channels would pass the versions of their rows that a long transaction
-- elsewhere keeps.
create function ${schema}.drop_crowd(keep_entries bigint, channels text[], max_rows integer) returns bigint
language plpgsql volatile ${BY_INDEX} as $$
declare
  dropped bigint;
begin
  delete from ${schema}.entry where ctid = any (array(
    select excess.ctid from unnest(channels) named (channel) join ${schema}.channel crowded using (channel)
    cross join lateral ${schema}.keep_of(channel, keep_entries, 0) keep
    cross join lateral (
      (select ctid from ${schema}.entry
        where channel = crowded.channel and kind = ${RELIABLE} and seq > crowded.dropped_to
        order by seq limit greatest(crowded.entries - keep.entries, 0))
      union all
      (select ctid from ${schema}.entry
        where channel = crowded.channel and kind = ${WITHDRAWAL} and seq > crowded.aged_to
        order by seq limit greatest(crowded.withdrawals - keep.entries, 0))
    ) excess limit max_rows
  ));
  get diagnostics dropped = row_count;
  return dropped;
end $$;

create function ${schema}.drop_keys(now_at bigint, max_rows integer) returns bigint
language sql volatile ${BY_INDEX} as $$
  with gone as (
    delete from ${schema}.idempotency where (channel, key) in (
      select channel, key from ${schema}.idempotency where dropped and at <= now_at - ${IDEMPOTENCY_AGE} limit max_rows
    ) returning 1
  ) select count(*) from gone
$$;

-- Forgets channels without entries, those with the smallest marks first, and keeps one mark for all of them.
create function ${schema}.forget_channels(keep_empty bigint, max_rows integer) returns bigint
language plpgsql volatile ${BY_INDEX} as $$
declare
  excess bigint := least((select empty_channels from ${schema}.total) - keep_empty, max_rows);
  largest bigint;
begin
  if excess <= 0 then return 0; end if;
  with gone as (
    delete from ${schema}.channel where channel in (
      select channel from ${schema}.channel where ${IS_EMPTY} order by trimmed_to limit excess
    ) returning trimmed_to
  ) select max(trimmed_to) into largest from gone;
  perform ${schema}.move_mark('forgotten', largest);
  return excess;
end $$;

-- Deletes expired values of channels that have ended. After its end, nothing of a channel is withdrawn.
create function ${schema}.drop_of_ended(now_at bigint, max_rows integer) returns bigint
language sql volatile ${BY_INDEX} as $$
  with gone as (
    delete from ${schema}.entry where seq = any (array(
      select seq from ${schema}.entry value
      where expires_at is not null and ${HAS_EXPIRED}
        and seq <= ${schema}.mark_of('settled') and ${isOfEnded(schema, "value")} limit max_rows
    )) returning 1
  ) select count(*) from gone
$$;

-- Replaces expired values by their withdrawals, which readers receive.
create function ${schema}.withdraw_expired(now_at bigint, max_rows integer) returns bigint
language plpgsql volatile ${BY_INDEX} as $$
declare
  expired record;
  withdrawn bigint := 0;
begin
  for attempt in 1..2 loop
    for expired in
      select channel, type, key from (
        (select * from ${schema}.entry where expires_at <= now_at order by expires_at)
        union all
        -- With a time in the future, after the clock went back.
        (select * from ${schema}.entry
          where expires_at is not null and at > now_at and at - now_at >= expires_at - at order by at)
      ) value where not ${isSuperseded(schema, "value")} and not ${isOfEnded(schema, "value")} limit max_rows
    loop
      -- The first time, it only finds out whether there are any. Under the lock, no value can be renewed meanwhile.
      exit when attempt = 1;
      perform ${schema}.place(
        expired.channel, expired.type, ${WITHDRAWAL}, expired.key, null, null, null, now_at);
      withdrawn := withdrawn + 1;
    end loop;
    exit when not found;
    if attempt = 1 then perform ${schema}.begin_append(); end if;
  end loop;
  return withdrawn;
end $$;
`;

/** @param schema the quoted name */
export const retentionFunctions = (schema: string): string => `
${steps(schema)}
-- One step of retention. The first step of a process has to begin a search: the process may keep less than others, as
-- long as no rules are stored. Returns whether there may be more to do.
create function ${schema}.trim(
  keep_entries bigint, keep_age bigint, keep_bytes bigint, keep_empty bigint, now_ms bigint, is_first boolean,
  max_rows integer
) returns boolean language plpgsql volatile as $$
declare
  now_at bigint := coalesce(now_ms, ${schema}.now());
  settled record;
  touched text[];
  is_full boolean;
begin
  perform ${schema}.lock_retention();
  if is_first then update ${schema}.retention set searched_to = '' where rules is null; end if;
  settled := ${schema}.settle(keep_age, max_rows);
  is_full := settled.found_rows = max_rows;
  is_full := ${schema}.drop_volatile(now_at, max_rows) = max_rows or is_full;
  is_full := ${schema}.drop_oldest(keep_bytes, max_rows) = max_rows or is_full;
  -- While there is a search, channels that it has not reached may have more than one step can drop.
  touched := array(
    select channel from unnest(settled.channels) named (channel), ${schema}.retention
    where searched_to is null or channel <= searched_to
  );
  is_full := ${schema}.drop_crowd(keep_entries, touched, max_rows) = max_rows or is_full;
  is_full := ${schema}.search_channels(keep_entries, keep_age, max_rows) or is_full;
  is_full := ${schema}.drop_aged(now_at, keep_age, max_rows) = max_rows or is_full;
  is_full := ${schema}.drop_keys(now_at, max_rows) = max_rows or is_full;
  is_full := ${schema}.forget_channels(keep_empty, max_rows) = max_rows or is_full;
  is_full := ${schema}.drop_of_ended(now_at, max_rows) = max_rows or is_full;
  -- The values that are withdrawn now are deleted by the next step.
  is_full := ${schema}.withdraw_expired(now_at, max_rows) > 0 or is_full;
  if ${schema}.is_other_server() then perform ${schema}.begin_append(); end if;
  return is_full;
end $$;
`;

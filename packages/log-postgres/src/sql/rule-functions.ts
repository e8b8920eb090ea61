import { BY_INDEX, RELIABLE, WITHDRAWAL } from "./tables.ts";

/** How many channels one step looks at after the rules have changed. */
const SEARCH_ROWS = 1_000;

/** @param schema the quoted name @param name the name, as a part of texts */
export const ruleFunctions = (schema: string, name: string): string => `
-- One step of retention at a time, and no change of the rules meanwhile. Appends need not wait for it.
create function ${schema}.lock_retention() returns void language sql volatile as $$
  select pg_advisory_xact_lock(hashtextextended('tidings trim ${name}', 0))
$$;

-- Stores what is kept of each channel. The rules that are stored last hold; then every channel is looked at once.
create function ${schema}.set_rules(given text, list json) returns void language plpgsql volatile as $$
begin
  perform ${schema}.lock_retention();
  if (select rules from ${schema}.retention) is not distinct from given then return; end if;
  update ${schema}.retention set rules = given, searched_to = '';
  delete from ${schema}.rule;
  insert into ${schema}.rule (place, fits, entries, age) select ordinality, fits, entries, age
  from rows from (json_to_recordset(list) as (fits text, entries bigint, age bigint)) with ordinality;
end $$;

-- What is kept of a channel. The given numbers hold as long as no rules are stored.
create function ${schema}.keep_of(of_channel text, keep_entries bigint, keep_age bigint)
returns table (entries bigint, age bigint) language sql stable as $$
  (select entries, age from ${schema}.rule where of_channel ~ fits order by place limit 1)
  union all select keep_entries, keep_age where not exists (select 1 from ${schema}.rule)
$$;

-- Notes when the oldest entry of each channel becomes too old. A time that retention has dealt with is too early: it
-- would not be found.
create function ${schema}.note_due(channels text[], keep_age bigint) returns void
language plpgsql volatile ${BY_INDEX} as $$
declare
  settled bigint := ${schema}.mark_of('settled');
  dealt_with bigint := ${schema}.mark_of('due');
begin
  update ${schema}.channel set due_at = noted.due_at from (
    select channel, case when first.at is not null then greatest(first.at + keep.age, dealt_with + 1) end as due_at
    from unnest(channels) named (channel) join ${schema}.channel known using (channel)
    cross join lateral ${schema}.keep_of(channel, 0, keep_age) keep
    left join lateral (
      select at from ${schema}.entry where entry.channel = known.channel and kind in (${RELIABLE}, ${WITHDRAWAL})
        and seq > known.aged_to and seq <= settled order by seq limit 1
    ) first on true
  ) noted where channel.channel = noted.channel and channel.due_at is distinct from noted.due_at;
end $$;

-- Drops what is older than the rule of its channel allows, and notes when each of these channels is due again. When the
-- clock goes back, an entry with a time in the future stays until the clock has caught up, and the later ones with it.
-- The search begins after the times that were dealt with: a long transaction elsewhere keeps them in the index.
create function ${schema}.drop_aged(now_at bigint, keep_age bigint, max_rows integer) returns bigint
language plpgsql volatile ${BY_INDEX} as $$
declare
  settled bigint := ${schema}.mark_of('settled');
  dealt_with bigint := ${schema}.mark_of('due');
  due record;
  kept record;
  doomed bigint[] := '{}';
  channels text[] := '{}';
  lasts bigint[] := '{}';
  next_dues bigint[] := '{}';
  next_due bigint;
  is_full boolean := false;
begin
  for due in
    select channel, aged_to, keep.age
    from ${schema}.channel cross join lateral ${schema}.keep_of(channel, 0, keep_age) keep
    where due_at > dealt_with and due_at <= now_at order by due_at limit max_rows
  loop
    next_due := null;
    for kept in
      select seq, at from ${schema}.entry where channel = due.channel and kind in (${RELIABLE}, ${WITHDRAWAL})
        and seq > due.aged_to and seq <= settled order by seq
    loop
      is_full := cardinality(doomed) >= max_rows;
      next_due := kept.at + due.age;
      exit when is_full or next_due > now_at;
      next_due := null;
      doomed := doomed || kept.seq;
      due.aged_to := kept.seq;
    end loop;
    channels := channels || due.channel;
    lasts := lasts || due.aged_to;
    next_dues := next_dues || next_due;
    exit when is_full;
  end loop;
  if cardinality(channels) = 0 then return 0; end if;
  delete from ${schema}.entry where seq = any (doomed);
  update ${schema}.channel set due_at = noted.due_at, aged_to = noted.last
  from unnest(channels, lasts, next_dues) noted (channel, last, due_at) where channel.channel = noted.channel;
  if is_full or cardinality(channels) = max_rows then return max_rows; end if;
  perform ${schema}.move_mark('due', now_at);
  return cardinality(doomed);
end $$;

-- Looks at some channels that were not looked at since the rules have changed. Returns whether others are left.
create function ${schema}.search_channels(keep_entries bigint, keep_age bigint, max_rows integer) returns boolean
language plpgsql volatile ${BY_INDEX} as $$
declare
  start text := (select searched_to from ${schema}.retention);
  found_channels text[];
begin
  if start is null then return false; end if;
  found_channels := array(
    select channel from ${schema}.channel where channel > start order by channel limit ${SEARCH_ROWS});
  perform ${schema}.note_due(found_channels, keep_age);
  -- If they have more than one step can drop, the next step looks at them again.
  if ${schema}.drop_crowd(keep_entries, found_channels, max_rows) = max_rows then return true; end if;
  update ${schema}.retention
    set searched_to = case when cardinality(found_channels) = ${SEARCH_ROWS} then found_channels[${SEARCH_ROWS}] end;
  return cardinality(found_channels) = ${SEARCH_ROWS};
end $$;
`;

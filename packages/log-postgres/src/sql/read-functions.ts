import { FORGOTTEN_CHANNELS, VOLATILE_AGE } from "@tidings/log";
import { BY_INDEX, isCurrent, isSuperseded, RELIABLE, VOLATILE } from "./tables.ts";

/** The least number of entries of each channel that one read looks at. */
const MIN_CHUNK = 16;

/**
 * The first entries of each channel after a position. Of a channel with a full chunk, later entries are not known, so
 * the page is complete only up to the smallest end of a full chunk.
 *
 * @param condition of the entries, with an index that has their channel and `seq`
 */
const openChunks = (schema: string, condition: string): string => `
    open scan for
    with chunk as materialized (
      select part.seq, part.place = chunk_size as is_full
      from unnest(channels) named (channel) cross join lateral (
        select first.seq, row_number() over (order by first.seq) as place from (
          select entry.seq from ${schema}.entry entry
          where entry.channel = named.channel and entry.seq > after and ${condition} order by entry.seq limit chunk_size
        ) first
      ) part
    ), complete as (select min(chunk.seq) as complete_to from chunk where is_full)
    select entry.*, complete_to from complete cross join (
      select chunk.seq from chunk, complete where chunk.seq <= coalesce(complete_to, chunk.seq)
      order by chunk.seq limit page_size + 1
    ) scanned join ${schema}.entry entry on entry.seq = scanned.seq order by entry.seq;`;

/**
 * The functions that read. They are stable: those of one statement see the same state of the log. `channels` names
 * each channel once.
 *
 * @param schema the quoted name
 */
export const readFunctions = (schema: string): string => `
-- The head, the running epoch, and why a position is invalid; null if it is valid.
create function ${schema}.validate(
  of_epoch text, of_seq bigint, out head bigint, out epoch text, out reason text
) language plpgsql stable as $$
declare
  last bigint;
begin
  head := ${schema}.head();
  select running.epoch into epoch from ${schema}.epoch running order by number desc limit 1;
  if of_epoch is null then return; end if;
  select coalesce(known."end", head) into last from ${schema}.epoch known where known.epoch = of_epoch;
  reason := case when not found then 'reset' when of_seq > least(last, head) then 'lost' end;
end $$;

-- The channels that have lost something after a position, as a list in JSON. With a reason, every channel of the log.
create function ${schema}.holes(after bigint, channels text[], reason text) returns json language plpgsql stable as $$
declare
  forgotten bigint := ${schema}.mark_of('forgotten');
begin
  if reason is not null then
    return (select json_agg(json_build_object('channel', channel)) from (
      select channel from ${schema}.channel union select channel from ${schema}.entry
    ) every_channel where channels is null);
  end if;
  if greatest(${schema}.mark_of('trimmed'), forgotten) <= after then return null; end if;
  return (select json_agg(json_build_object('channel', channel, 'to', trimmed_to) order by place) from (
    select channel, trimmed_to, 0 as place from ${schema}.channel where channels is null and trimmed_to > after
    union all select '${FORGOTTEN_CHANNELS}', forgotten, 0 where channels is null
    union all
    -- A channel without a row may be forgotten.
    select named, coalesce(mark.trimmed_to, forgotten), place
    from unnest(channels) with ordinality names (named, place) left join ${schema}.channel mark on mark.channel = named
  ) marks where trimmed_to > after);
end $$;

-- What is owed after a position, until the page is full. A last row without a channel says where the page ended, if
-- there may be more.
create function ${schema}.entries_after(
  after bigint, channels text[], only_values boolean, max_entries bigint, max_bytes bigint, now_ms bigint
) returns table (
  seq bigint, channel text, type text, kind smallint, key text, at bigint, data text
) language plpgsql stable ${BY_INDEX} as $$
#variable_conflict use_column
declare
  now_at bigint := coalesce(now_ms, ${schema}.now());
  page_size bigint := greatest(max_entries, 1);
  chunk_size bigint :=
    least(page_size + 1, greatest(${MIN_CHUNK}, 4 * page_size / greatest(cardinality(channels), 1)));
  scan refcursor;
  next record;
  complete_to bigint;
  passed bigint := after;
  scanned bigint := 0;
  bytes bigint := 0;
  has_entries boolean := false;
  owed boolean;
begin
  if channels is null then
    open scan for select entry.*, null::bigint as complete_to from ${schema}.entry entry
      where entry.seq > after order by entry.seq limit page_size + 1;
  elsif only_values then ${openChunks(schema, isCurrent("entry"))}
  else ${openChunks(schema, "true")}
  end if;
  loop
    fetch scan into next;
    exit when not found;
    owed := case next.kind
      when ${RELIABLE} then true
      when ${VOLATILE} then abs(now_at - next.at) < ${VOLATILE_AGE}
      else (next.expires_at is null or abs(now_at - next.at) < next.expires_at - next.at)
        and not ${isSuperseded(schema, "next")}
    end;
    if owed then bytes := bytes + coalesce(octet_length(next.data), 0); end if;
    if scanned >= page_size or (owed and has_entries and bytes > max_bytes) then
      complete_to := passed;
      exit;
    end if;
    if owed then
      has_entries := true;
      return query select
        next.seq, next.channel, next.type, next.kind, next.key, next.at, next.data;
    end if;
    scanned := scanned + 1;
    passed := next.seq;
    complete_to := next.complete_to;
  end loop;
  close scan;
  if complete_to is not null then
    return query select complete_to, null::text, null::text, null::smallint, null::text, null::bigint, null::text;
  end if;
end $$;

-- The newest reliable entries of the channels together, newest first.
create function ${schema}.entries_before(before bigint, channels text[], max_entries bigint)
returns table (
  seq bigint, channel text, type text, kind smallint, key text, at bigint, data text
) language sql stable ${BY_INDEX} as $$
  select entry.seq, entry.channel, entry.type, entry.kind, entry.key, entry.at, entry.data
  from (
    select part.seq from unnest(channels) named (channel) cross join lateral (
      select entry.seq from ${schema}.entry entry
      where entry.channel = named.channel and entry.kind = ${RELIABLE} and entry.seq < before
      order by entry.seq desc limit max_entries
    ) part order by part.seq desc limit max_entries
  ) newest join ${schema}.entry entry on entry.seq = newest.seq order by entry.seq desc
$$;
`;

import { END_TYPE } from "@tidings/protocol/mode";
import { BY_INDEX, isEnd } from "./tables.ts";

/**
 * The functions that refuse what comes after the end of a channel.
 *
 * @param schema the quoted name
 */
export const endFunctions = (schema: string): string => `
create function ${schema}.slot_of(channel text) returns integer language sql immutable as $$
  select hashtext(channel) & 255
$$;

-- The id of the end of a channel; null if it has not ended.
create function ${schema}.id_of_end(of_channel text) returns text language sql stable ${BY_INDEX} as $$
  select ${schema}.epoch_of(ended.seq) || '.' || ended.seq
  from ${schema}.entry ended where ended.channel = of_channel and ${isEnd("ended")} limit 1
$$;

-- Refuses entries of channels that have ended, and entries after an end among themselves. An entry that was appended
-- before is not refused. With the lock of appends, nobody ends a channel between this and the append. It has the rights
-- of its owner, as the commit has.
create function ${schema}.refuse_ended(entries json, has_lock boolean) returns void language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp ${BY_INDEX} as $$
declare
  item record;
  id text;
  ended text[] := '{}';
  keys text[] := '{}';
begin
  if has_lock and current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform from ${schema}.ending where slot in (
      select ${schema}.slot_of(channel) from json_to_recordset(entries) as given(channel text)
    ) order by slot for share;
  end if;
  for item in select * from rows from (json_to_recordset(entries) as (
    channel text, type text, mode text, "idempotencyKey" text
  )) with ordinality order by ordinality loop
    id := null;
    if item.channel = any (ended) then id := '';
    else
      select ${schema}.id_of_end(item.channel) into id
      from ${schema}.entry where channel = item.channel and ${isEnd("entry")} limit 1;
    end if;
    if id is not null and not coalesce(item.channel || ' ' || item."idempotencyKey" = any (keys), false)
      and not exists (
        select 1 from ${schema}.idempotency known
        where known.channel = item.channel and known.key = item."idempotencyKey"
      )
    then
      -- Libraries wrap errors, so the program reads the message.
      raise exception 'tidings ended: % at "%"', item.channel, id using errcode = 'TD002';
    end if;
    if item."idempotencyKey" is not null then keys := keys || (item.channel || ' ' || item."idempotencyKey"); end if;
    if item.type = '${END_TYPE}' and coalesce(item.mode, 'reliable') = 'reliable' then
      ended := ended || item.channel;
    end if;
  end loop;
end $$;

-- The entries that this transaction has staged, as JSON.
create function ${schema}.staged_entries() returns json language sql volatile
security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(json_agg(json_build_object(
    'channel', channel, 'type', type, 'mode', mode, 'idempotencyKey', idempotency_key) order by id), '[]')
  from ${schema}.staged where transaction = pg_current_xact_id()
$$;
`;

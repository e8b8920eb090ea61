import { BY_INDEX, IS_LATEST, VALUE } from "./tables.ts";

/**
 * The functions that check what the entries of a batch expect. They need the lock of appends, so that nobody replaces a
 * value between the check and the append.
 *
 * @param schema the quoted name
 */
export const expectedValueFunctions = (schema: string): string => `
-- The id of the newest value of a key. Empty if there is none: it was withdrawn, or has expired.
create function ${schema}.id_of_value(
  of_channel text, of_type text, of_key text, now_at bigint
) returns text language plpgsql volatile ${BY_INDEX} as $$
declare
  newest record;
begin
  select * into newest from ${schema}.entry entry
  where entry.channel = of_channel and entry.type = of_type and entry.key = of_key
    and hashtextextended(entry.key, 0) = hashtextextended(of_key, 0) and entry.${IS_LATEST}
  order by entry.seq desc limit 1;
  if newest.kind is distinct from ${VALUE} then return ''; end if;
  if abs(now_at - newest.at) >= newest.expires_at - newest.at then return ''; end if;
  return ${schema}.epoch_of(newest.seq) || '.' || newest.seq;
end $$;

-- The number of the first entry, from 1 on, that expects another id than that of the value, and the id of the value.
-- An entry that was appended before is not checked.
create function ${schema}.find_conflict(
  entries json, out conflict bigint, out found_id text
) language plpgsql volatile as $$
declare
  isolation text := current_setting('transaction_isolation');
  item record;
begin
  -- Such a transaction does not see what was appended since it began, also with the lock.
  if isolation in ('repeatable read', 'serializable') then
    raise exception 'expected a read committed transaction for an event with "expects", got a % one', isolation
      using errcode = 'invalid_transaction_state';
  end if;
  for item in select * from rows from (json_to_recordset(entries) as (
    channel text, type text, key text, expects text, "idempotencyKey" text, at bigint
  )) with ordinality where expects is not null order by ordinality loop
    continue when exists (
      select 1 from ${schema}.idempotency known where known.channel = item.channel and known.key = item."idempotencyKey"
    );
    found_id := ${schema}.id_of_value(
      item.channel, item.type, coalesce(item.key, ''), coalesce(item.at, ${schema}.now())
    );
    if found_id <> item.expects then
      conflict := item.ordinality;
      return;
    end if;
  end loop;
end $$;

-- Checks what a transaction publishes. The transaction keeps the lock until it ends. It may have published such a value
-- before: that gets its position now. It has the rights of its owner, as the commit has.
create function ${schema}.refuse_conflict(entries json) returns void language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp as $$
declare
  found record;
begin
  perform ${schema}.begin_append();
  perform ${schema}.place_staged();
  found := ${schema}.find_conflict(entries);
  if found.conflict is not null then
    -- Libraries wrap errors, so the program reads the message.
    raise exception 'tidings conflict in entry %: the id of the value is "%"', found.conflict, found.found_id
      using errcode = 'TD001';
  end if;
end $$;
`;

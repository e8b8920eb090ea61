import { BY_INDEX } from "./tables.ts";

/** A character as the path of an address has it: percent-encoded, unless it needs no encoding. */
const CHARACTER = "([A-Za-z0-9_~.-]|%(?!2D|2E|5F|7E|3[0-9]|[46][1-9A-F]|[57][0-9A])[0-9A-F]{2})";
/** A segment of it. "." and ".." alone would lead to another path, so they are encoded. */
const SEGMENT = `((?![.][.]?(/|$))${CHARACTER}+|%2E|%2E%2E)`;
/** The path of an address. Whether its bytes are UTF-8 is not checked. */
const PATH = `^${SEGMENT}(/${SEGMENT})*$`;

/** What an event may have. */
const FIELDS = ["channel", "type", "data", "encoded", "mode", "key", "expires", "idempotencyKey", "expects"];
const LIST = FIELDS.map((field) => `'${field}'`).join(", ");

/**
 * The functions that publish in a transaction.
 *
 * @param schema the quoted name
 */
export const publishFunctions = (schema: string): string => `
-- Refuses events that no reader could get, and what is misspelt. No compiler has checked what comes from SQL.
create function ${schema}.refuse_malformed(events json) returns void language plpgsql immutable as $$
declare
  event json;
  number bigint;
  unknown text;
  broken record;
begin
  for event, number in select * from json_array_elements(events) with ordinality loop
    if json_typeof(event) <> 'object' then
      raise exception 'expected event % to be an object, got %', number, left(event::text, 40)
        using errcode = 'invalid_parameter_value';
    end if;
    select name into unknown from json_object_keys(event) name where name not in (${LIST}) limit 1;
    if unknown is not null then
      raise exception 'expected one of ${FIELDS.join(", ")} in event %, got "%"', number, unknown
        using errcode = 'invalid_parameter_value';
    end if;
    select * into broken from (
      select event ->> 'mode' = 'latest' as is_latest
    ) of_event, lateral (values
      ('channel', 'a path such as "rooms/lobby", with percent-encoded params',
        json_typeof(event -> 'channel') = 'string' and event ->> 'channel' ~ '${PATH}'
          and length(event ->> 'channel') <= 256),
      ('type', 'a text of letters, digits, "_", "." and "-"',
        json_typeof(event -> 'type') = 'string' and event ->> 'type' ~ '^[A-Za-z0-9_.-]+$'),
      ('mode', '"reliable", "latest" or "volatile"',
        coalesce(event ->> 'mode', 'reliable') in ('reliable', 'latest', 'volatile')),
      ('data', 'a JSON value; for null, pass "encoded": "null"',
        is_latest or event ->> 'data' is not null or event ->> 'encoded' is not null),
      ('key', 'that of a latest event', is_latest or event ->> 'key' is null),
      ('expires', 'a whole number of milliseconds above 0, of a latest event',
        event ->> 'expires' is null or (is_latest and event ->> 'expires' ~ '^[1-9][0-9]{0,15}$')),
      ('expects', 'an id or "", of a latest event', is_latest or event ->> 'expects' is null)
    ) rule (field, expected, holds) where holds is not true limit 1;
    if broken.field is not null then
      raise exception 'expected "%" of event % to be %, got %', broken.field, number, broken.expected,
        coalesce(left((event -> broken.field)::text, 40), 'nothing') using errcode = 'invalid_parameter_value';
    end if;
  end loop;
end $$;

-- Publishes when the transaction commits: one entry, or a list of entries, as JSON. "data" is any JSON value;
-- "encoded" is the same as a text of JSON. A latest entry without either withdraws the value of its key.
create function ${schema}.publish(batch text, inside boolean default false) returns void language plpgsql volatile
${BY_INDEX} as $$
declare
  entries json := case json_typeof(batch::json) when 'array' then batch::json else json_build_array(batch::json) end;
begin
  -- A hub has checked it by its contract.
  if not inside then perform ${schema}.refuse_malformed(entries); end if;
  -- The commit checks it again, under the lock, together with what this transaction has published before.
  perform ${schema}.refuse_ended(entries, false);
  if exists (select 1 from json_to_recordset(entries) as given(expects text) where expects is not null) then
    perform ${schema}.refuse_conflict(entries);
  end if;
  insert into ${schema}.staged (channel, type, mode, key, data, expires, idempotency_key, at, inside_since)
  select channel, type, coalesce(mode, 'reliable'), coalesce(key, ''), coalesce(encoded::json, data), expires,
    "idempotencyKey", at, case when inside then statement_timestamp() end
  from rows from (json_to_recordset(entries) as (channel text, type text, mode text, key text, data json, encoded text,
    expires bigint, "idempotencyKey" text, at bigint)) with ordinality
  order by ordinality;
end $$;

-- The same for an event that is not a text: that of json_build_object, or of a driver with types for JSON.
create function ${schema}.publish(batch json) returns void language sql volatile as $$
  select ${schema}.publish(batch::text)
$$;
create function ${schema}.publish(batch jsonb) returns void language sql volatile as $$
  select ${schema}.publish(batch::text)
$$;
`;

import { BY_INDEX, ENTRY_BYTES, isEnd, isOfEnded, isSuperseded, RELIABLE, VALUE, WITHDRAWAL } from "./tables.ts";

/** The bytes of an entry. */
export const SIZE = `(coalesce(octet_length(data), 0) + ${ENTRY_BYTES})`;
/** Whether a channel has no entries any more. */
export const IS_EMPTY = "entries + withdrawals + value_count = 0";

/** Whether readers miss an entry that was deleted. After its end, a value of a channel is not withdrawn: it expires. */
const isMissed = (schema: string, row: string): string => `(kind = ${RELIABLE} or not (
  ${isSuperseded(schema, row)} or (${row}.expires_at is not null and ${isOfEnded(schema, row)})))`;

/** The counts of a group of entries. */
export const counts = (condition: string): string => `
    count(*) filter (where kind = ${RELIABLE} and ${condition}) as entries,
    count(*) filter (where kind = ${WITHDRAWAL} and ${condition}) as withdrawals,
    count(*) filter (where kind = ${VALUE} and ${condition}) as value_count,
    coalesce(sum(${SIZE}) filter (where kind <> ${VALUE} and ${condition}), 0) as bytes,
    coalesce(sum(${SIZE}) filter (where kind = ${VALUE} and ${condition}), 0) as value_bytes`;

/** Replaces a number of counts by the former ones with the given ones added or subtracted. */
export const change = (sign: "+" | "-", given: string, names: readonly string[], table: string): string =>
  names.map((name) => `${name} = ${table}.${name} ${sign} ${given}.${name}`).join(", ");
/** What is counted of each channel. */
export const OF_CHANNEL = ["entries", "withdrawals", "value_count", "bytes", "value_bytes"];
/** What is counted of the whole log. */
const OF_TOTAL = ["entries", "bytes", "value_bytes", "empty_channels"];

const totalsOf = (rows: string): string => `(
      select coalesce(sum(entries + withdrawals + value_count), 0) as entries, coalesce(sum(bytes), 0) as bytes,
        coalesce(sum(value_bytes), 0) as value_bytes, count(*) filter (where ${IS_EMPTY}) as empty_channels
      from ${rows})`;

/** The tables that outlive a transaction. */
const TABLES = ["entry", "idempotency", "channel", "mark", "epoch", "total", "rule", "retention", "ending", "version"];

/** Triggers that keep the counts. Each runs once for a statement. @param schema the quoted name */
export const bookkeeping = (schema: string): string => `
create function ${schema}.count_channels() returns trigger language plpgsql volatile as $$
begin
  if tg_op <> 'INSERT' then
    update ${schema}.total set ${change("-", "rows", OF_TOTAL, "total")} from ${totalsOf("former")} rows;
  end if;
  if tg_op <> 'DELETE' then
    update ${schema}.total set ${change("+", "rows", OF_TOTAL, "total")} from ${totalsOf("present")} rows;
    perform ${schema}.move_mark('trimmed', (select max(trimmed_to) from present));
  end if;
  return null;
end $$;
create trigger channels_inserted after insert on ${schema}.channel
  referencing new table as present for each statement execute function ${schema}.count_channels();
create trigger channels_updated after update on ${schema}.channel
  referencing old table as former new table as present for each statement execute function ${schema}.count_channels();
create trigger channels_deleted after delete on ${schema}.channel
  referencing old table as former for each statement execute function ${schema}.count_channels();

-- Every entry that is deleted leaves a mark if readers miss it.
create function ${schema}.note_deleted() returns trigger language plpgsql volatile ${BY_INDEX}
set enable_sort = off as $$
declare
  settled bigint := ${schema}.mark_of('settled');
  ended text[] := array(select channel from deleted where ${isEnd("deleted")});
begin
  update ${schema}.channel set ${change("-", "gone", OF_CHANNEL, "channel")},
    trimmed_to = greatest(channel.trimmed_to, gone.hole),
    dropped_to = greatest(channel.dropped_to, gone.last)
  from (
    select channel, ${counts("seq <= settled")}, max(seq) filter (where kind = ${RELIABLE}) as last,
      max(seq) filter (where ${isMissed(schema, "deleted")}) as hole
    from deleted where kind in (${RELIABLE}, ${VALUE}, ${WITHDRAWAL}) group by channel
  ) gone where channel.channel = gone.channel;
  update ${schema}.idempotency set dropped = true from deleted
    where deleted.idempotency_key is not null and idempotency.channel = deleted.channel
    and idempotency.key = deleted.idempotency_key and idempotency.seq = deleted.seq;
  if cardinality(ended) > 0 then
    -- Nothing of a channel is left after its end. The mark of every channel without a row stands for it.
    perform ${schema}.move_mark('forgotten', (select max(seq) from deleted where ${isEnd("deleted")}));
    delete from ${schema}.entry where channel = any (ended);
    delete from ${schema}.channel where channel = any (ended);
  end if;
  return null;
end $$;
create trigger entries_deleted after delete on ${schema}.entry
  referencing old table as deleted for each statement execute function ${schema}.note_deleted();

-- No trigger could count what TRUNCATE takes away: readers would lose it without a hole.
create function ${schema}.refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'expected no truncate of a table of the log: readers would lose entries and not hear of it'
    using errcode = 'feature_not_supported',
      hint = 'Let retention drop entries. To begin anew, drop the schema, and open the log again.';
end $$;
${TABLES.map(
  (table) => `create trigger no_truncate before truncate on ${schema}.${table}
  for each statement execute function ${schema}.refuse_truncate();`,
).join("\n")}
`;

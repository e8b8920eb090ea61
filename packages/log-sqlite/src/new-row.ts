import type { NewEntry } from "@tidings/log";
import type { Value } from "./driver.ts";
import { kindOf, VALUE } from "./entry-row.ts";

/** An entry on its way into the file: taken down at once, so that what the caller does to it later changes nothing. */
export interface NewRow {
  readonly sql: string;
  readonly values: readonly Value[];
  readonly channel: string;
  readonly idempotencyKey: string | null;
}

const INSERT = `
insert into tidings_entry (channel, type, kind, key, at, data, expires_at) values (?, ?, ?, ?, ?, ?, ?)`;

/** Changes nothing when the idempotency key is known. */
const INSERT_ONCE = `
insert into tidings_entry (channel, type, kind, key, at, data, expires_at, idempotency_key)
select ?, ?, ?, ?, ?, ?, ?, ? where not exists (select 1 from tidings_idempotency where channel = ? and key = ?)`;

export function newRow(entry: NewEntry, now: number): NewRow {
  const { channel, type, key = "", data, expires, idempotencyKey = null } = entry;
  const kind = kindOf(entry);
  const values: Value[] = [
    channel,
    type,
    kind,
    key,
    now,
    data,
    kind === VALUE && expires !== undefined ? now + expires : null,
  ];
  if (idempotencyKey === null) return { sql: INSERT, values, channel, idempotencyKey };
  return { sql: INSERT_ONCE, values: [...values, idempotencyKey, channel, idempotencyKey], channel, idempotencyKey };
}

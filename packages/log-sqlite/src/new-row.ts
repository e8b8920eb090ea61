import type { NewEntry } from "@tidings/log";
import type { Value } from "./driver.ts";
import { kindOf, VALUE, type EntryRow } from "./entry-row.ts";

/** The statement that inserts an entry. It copies the entry, so later changes of the caller's object have no effect. */
export interface NewRow {
  readonly sql: string;
  readonly values: readonly Value[];
  /** The row that it inserts. */
  readonly row: Omit<EntryRow, "seq">;
  /** A copy. */
  readonly entry: NewEntry;
}

const INSERT = `
insert into tidings_entry (channel, type, kind, key, at, data, expires_at) values (?, ?, ?, ?, ?, ?, ?)`;

/** Inserts nothing if the channel has the idempotency key already. */
const INSERT_ONCE = `
insert into tidings_entry (channel, type, kind, key, at, data, expires_at, idempotency_key)
select ?, ?, ?, ?, ?, ?, ?, ? where not exists (select 1 from tidings_idempotency where channel = ? and key = ?)`;

/** @param now the time of the append, in milliseconds since 1970 */
export function newRow(given: NewEntry, now: number): NewRow {
  const entry = { ...given };
  const { channel, type, key = "", data, expires, idempotencyKey = null } = entry;
  const kind = kindOf(entry);
  const expiresAt = kind === VALUE && expires !== undefined ? now + expires : null;
  const row = { channel, type, kind, key, at: now, data, expires_at: expiresAt };
  const values: Value[] = [channel, type, kind, key, now, data, expiresAt];
  if (idempotencyKey === null) return { entry, row, sql: INSERT, values };
  return { entry, row, sql: INSERT_ONCE, values: [...values, idempotencyKey, channel, idempotencyKey] };
}

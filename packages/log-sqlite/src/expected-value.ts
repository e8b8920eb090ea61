import { checkExpected, type NewEntry } from "@tidings/log";
import type { Value } from "./driver.ts";
import { isOwed, VALUE, type EntryRow } from "./entry-row.ts";
import type { NewRow } from "./new-row.ts";
import { IS_LATEST } from "./schema.ts";

/** Names the index: without it, an application that runs `analyze` could make SQLite choose another one. */
const NEWEST = `
select seq, kind, at, expires_at,
  (select epoch from tidings_epoch where first <= tidings_entry.seq order by number desc limit 1) as epoch
from tidings_entry indexed by tidings_entry_latest
where ${IS_LATEST} and channel = ? and type = ? and key = ? order by seq desc limit 1`;
const IS_REPEATED = "select 1 from tidings_idempotency where channel = ? and key = ?";

/** Finds one row through any handle on the file. */
export type Find = (sql: string, ...values: Value[]) => unknown;

/**
 * Checks what the entries of a batch expect. It has to run in the transaction that inserts them.
 *
 * @param now milliseconds since 1970
 * @throws ConflictError
 */
export function checkExpectedValues(rows: readonly NewRow[], find: Find, now: number): void {
  for (const { entry } of rows) {
    const { expects, channel, idempotencyKey } = entry;
    if (expects === undefined) continue;
    const isRepeated = idempotencyKey !== undefined && find(IS_REPEATED, channel, idempotencyKey) !== undefined;
    if (!isRepeated) checkExpected(entry, findValue(entry, find, now));
  }
}

function findValue({ channel, type, key = "" }: NewEntry, find: Find, now: number) {
  // Safe: these are columns of the table, whose types the drivers keep.
  const row = find(NEWEST, channel, type, key) as (EntryRow & { readonly epoch: string }) | undefined;
  if (row === undefined || row.kind !== VALUE || !isOwed(row, now)) return null;
  return { epoch: row.epoch, seq: row.seq };
}

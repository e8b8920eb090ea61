import type { NewEntry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { toInteger } from "@tidings/log/engine";

/**
 * The entries as the functions of the schema take them, each as a text of JSON. It copies the entries, so later changes
 * of the caller's objects have no effect. The data is a text in it: PostgreSQL would refuse some escapes otherwise.
 *
 * @param at the time of the append, in milliseconds since 1970; null for the clock of the server
 */
export function encodeEntries(batch: readonly NewEntry[], at: number | null): string[] {
  return batch.map((entry) => {
    const { channel, type, mode, key, idempotencyKey } = entry;
    const expires = entry.expires === undefined ? undefined : toInteger(entry.expires);
    const encoded = entry.data ?? undefined;
    const expects = entry.expects === undefined ? undefined : encodeExpected(entry.expects);
    return JSON.stringify({ channel, type, mode, key, encoded, expires, expects, idempotencyKey, at });
  });
}

/** The id of the expected value. Empty if none is expected: in a record, JSON's null is the same as nothing. */
function encodeExpected(cursor: Cursor | null): string {
  return cursor === null ? "" : formatCursor(cursor);
}

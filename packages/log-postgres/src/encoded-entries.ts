import type { NewEntry } from "@tidings/log";
import { toInteger } from "./database.ts";

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
    return JSON.stringify({ channel, type, mode, key, encoded, expires, idempotencyKey, at });
  });
}

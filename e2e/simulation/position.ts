import type { SqliteTransaction } from "@tidings/log-sqlite";
import type { Cursor } from "@tidings/protocol";

/** The newest position in a file, in the current epoch. It is read by SQL, without the packages. */
export function positionOf(file: SqliteTransaction): Cursor {
  return {
    epoch: String(only(file, "select epoch from tidings_epoch order by number desc limit 1")),
    seq: Number(only(file, "select seq from sqlite_sequence where name = 'tidings_entry'")),
  };
}

/** The only column of the only row. */
function only(file: SqliteTransaction, sql: string): unknown {
  const row = file.prepare(sql).get() as Readonly<Record<string, unknown>> | undefined;
  return Object.values(row ?? {})[0] ?? 0;
}

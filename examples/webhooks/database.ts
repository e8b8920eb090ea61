import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";

/** Node has SQLite from version 22.13 on. On Node 20 run `npm install libsql`; it has the same methods. */
export function openDatabase(path: string): sqlite.DatabaseSync {
  // Safe: only methods that both libraries have are used.
  const builtin = process.getBuiltinModule("node:sqlite") as typeof sqlite | undefined;
  const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as typeof sqlite.DatabaseSync);
  return new Database(path);
}

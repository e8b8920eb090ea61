import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { SqliteHandle } from "./sqlite-handle.ts";
import { migrate } from "./sqlite-tables.ts";

type Driver = new (path: string) => SqliteHandle;

/** Milliseconds that SQLite waits for another process while it opens the file. */
const BUSY_TIMEOUT = 5_000;

/**
 * Opens a database handle, and creates or upgrades the tables of the chat.
 * @param path a file, or `:memory:`
 * @throws Error if the file cannot be opened, is not a database, or was written by a newer version of the chat
 */
export function openHandle(path: string): SqliteHandle {
  let handle: SqliteHandle | undefined;
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    handle = new (findDriver())(path);
    handle.exec(`pragma busy_timeout = ${BUSY_TIMEOUT}`);
    handle.exec("pragma journal_mode = wal");
    handle.exec("pragma synchronous = normal");
    migrate(handle);
    return handle;
  } catch (cause) {
    handle?.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = "check the file and the room on its disk, or name another file";
    throw new Error(`the database "${path}" cannot be opened (${reason}); ${advice}.`, { cause });
  }
}

/**
 * Returns the same driver that the log uses, because both open the same file: two copies of SQLite in one process
 * release each other's locks (sqlite.org/howtocorrupt.html, section 2.2.1).
 */
function findDriver(): Driver {
  // Older versions of Node do not have the module, although its types say so. Safe: only the members of
  // `SqliteHandle` are used.
  const node = process.getBuiltinModule("node:sqlite") as unknown as { DatabaseSync: Driver } | undefined;
  return node?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as Driver);
}

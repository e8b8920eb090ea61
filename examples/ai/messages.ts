// The messages of the chats, in the SQLite file that has the log, too.
import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";
import type { UIMessage } from "ai";

/** Node has SQLite from version 22.13 on. On Node 20 run `npm install libsql`; it has the same methods. */
function openDatabase(path: string): sqlite.DatabaseSync {
  // Safe: only methods that both libraries have are used.
  const builtin = process.getBuiltinModule("node:sqlite") as typeof sqlite | undefined;
  const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as typeof sqlite.DatabaseSync);
  return new Database(path);
}

export function openMessages(path: string) {
  const database = openDatabase(path);
  database.exec("pragma busy_timeout = 5000; create table if not exists chats (id text primary key, messages text)");
  const find = database.prepare("select messages from chats where id = ?");
  const replace = database.prepare("insert or replace into chats (id, messages) values (?, ?)");
  return {
    /** JSON: what `save` has got. */
    load: (id: string): string => (find.get(id) as { readonly messages: string } | undefined)?.messages ?? "[]",
    save: (id: string, messages: readonly UIMessage[]): void => void replace.run(id, JSON.stringify(messages)),
    close: (): void => database.close(),
  };
}

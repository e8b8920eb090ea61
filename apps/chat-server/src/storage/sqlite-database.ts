import pLimit from "p-limit";
import { StorageAway, type Database, type Queryable, type SqlValue } from "./database.ts";
import { openHandle } from "./open-handle.ts";
import { begin, hasDiskFailed, rollBack, type SqliteHandle } from "./sqlite-handle.ts";

/** The tables in a SQLite file, or in memory. */
export interface SqliteDatabase extends Database {
  /** The handle of the transactions. */
  readonly writer: SqliteHandle;
}

/**
 * Opens the tables, and creates or upgrades them.
 *
 * @param path a file, or `:memory:`
 * @throws Error if the file cannot be opened, is not a database, or was written by a newer version of the chat
 */
export function openSqliteDatabase(path: string): SqliteDatabase {
  const writer = openHandle(path);
  // A second handle: a read must not see rows that can still be rolled back. What is in memory has only one.
  const isolated = path !== ":memory:";
  const reader = isolated ? openHandle(path) : writer;
  const tx = queryableOn(writer);
  // One handle has one transaction at a time.
  const limit = pLimit(1);
  return {
    ...queryableOn(reader),
    writer,
    isolated,
    transaction: (patience, work) =>
      limit(async () => {
        try {
          await begin(writer, patience);
          const result = await work(tx);
          writer.exec("commit");
          return result;
        } catch (error) {
          rollBack(writer);
          throw hasDiskFailed(error) ? new StorageAway(error) : error;
        }
      }),
    async close() {
      // Waits for the transaction that runs.
      await limit(async () => {});
      reader.close();
      if (isolated) writer.close();
    },
  };
}

function queryableOn(handle: SqliteHandle): Queryable {
  // The texts of the statements are those of the sources, so there is a limited number of them.
  const statements = new Map<string, ReturnType<SqliteHandle["prepare"]>>();
  const prepare = (sql: string) => {
    const statement = statements.get(sql) ?? handle.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    // Safe: see `Queryable`; the caller states the type of the rows.
    all: async <Row>(sql: string, ...values: readonly SqlValue[]) => prepare(sql).all(...values) as Row[],
    get: async <Row>(sql: string, ...values: readonly SqlValue[]) => prepare(sql).get(...values) as Row | undefined,
    async run(sql, ...values) {
      prepare(sql).run(...values);
    },
  };
}

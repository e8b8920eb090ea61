import type { NewEntry } from "@tidings/log";
import { findDriver, type SqliteTransaction } from "./driver.ts";
import type { LogFile } from "./log-file.ts";
import { newRow } from "./new-row.ts";
import { sqliteError } from "./sqlite-error.ts";

type Statement = ReturnType<SqliteTransaction["prepare"]>;

/** Inserts entries on handles of the application. On them nothing else is ever run, and nothing is read. */
export class TransactionInsert {
  readonly #file: LogFile;
  readonly #epoch: string;
  readonly #now: () => number;
  /** An application has one handle or a few, and publishes often. */
  readonly #statements = new WeakMap<SqliteTransaction, Map<string, Statement>>();
  /** Handles whose lock the log's own handle sees. */
  readonly #locking = new WeakSet<SqliteTransaction>();

  /** @param file the log's writing handle. The epoch is one that its file has; no other file has it. */
  constructor(file: LogFile, epoch: string, now: () => number) {
    this.#file = file;
    this.#epoch = epoch;
    this.#now = now;
  }

  /**
   * Has inserted when it returns: after an `await`, another request could write into the transaction in between.
   * @throws Error when the handle is one of another file or another build of SQLite, the file was replaced, or the entries cannot be written; then none
   * of them is
   */
  run(transaction: SqliteTransaction, batch: readonly NewEntry[]): void {
    try {
      this.#file.refuseReplaced();
      const now = this.#now();
      const rows = batch.map((entry) => newRow(entry, now));
      const isNew = rows.length > 0 && !this.#locking.has(transaction);
      const insert = () => {
        for (const { sql, values } of rows) this.#prepare(transaction, sql).run(...values);
        if (isNew) this.#checkLock(transaction);
      };
      if (rows.length > 1 || isNew) this.#asWhole(transaction, insert);
      else insert();
    } catch (cause) {
      throw sqliteError("publish inside a transaction to", this.#file.path, cause);
    }
  }

  /** Who catches the error and commits in spite of it must not publish half a batch. */
  #asWhole(transaction: SqliteTransaction, insert: () => void): void {
    this.#prepare(transaction, "savepoint tidings").run();
    try {
      insert();
    } catch (error) {
      this.#rollBack(transaction);
      throw error;
    }
    this.#prepare(transaction, "release tidings").run();
  }

  #rollBack(transaction: SqliteTransaction): void {
    try {
      this.#prepare(transaction, "rollback to tidings").run();
      this.#prepare(transaction, "release tidings").run();
    } catch {
      // SQLite has ended the whole transaction by itself, as it does when the disk is full. The first error says more.
    }
  }

  #prepare(transaction: SqliteTransaction, sql: string): Statement {
    let statements = this.#statements.get(transaction);
    if (statements === undefined) {
      this.#check(transaction);
      this.#statements.set(transaction, (statements = new Map<string, Statement>()));
    }
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = transaction.prepare(sql)));
    return statement;
  }

  /**
   * Two builds of SQLite in one process do not see each other's locks, because the system's belong to the process: both would
   * write at the same time, and what the one has committed would vanish under the other. An insert holds the lock by now.
   */
  #checkLock(transaction: SqliteTransaction): void {
    if (this.#file.isTaken()) return void this.#locking.add(transaction);
    const { name } = findDriver();
    throw new Error(
      `expected a handle of ${name}, which the log uses, got one of another SQLite; open it with ${name}`,
    );
  }

  #check(transaction: SqliteTransaction): void {
    let cause: unknown;
    try {
      if (transaction.prepare("select 1 from tidings_epoch where epoch = ?").get(this.#epoch) !== undefined) return;
    } catch (error) {
      if (!(error instanceof Error && /no such table/.test(error.message))) throw error;
      cause = error;
    }
    throw new Error(
      "expected a handle that has opened this file, got one of another; pass it the same path as sqliteLog()",
      { cause },
    );
  }
}

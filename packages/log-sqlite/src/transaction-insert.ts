import { isConflict, isEnded, type NewEntry } from "@tidings/log";
import { findDriver, type SqliteTransaction } from "./driver.ts";
import { checkEndedChannels } from "./ended-channels.ts";
import { checkExpectedValues, type Find } from "./expected-value.ts";
import { beginUseInside, isAtRest, type Use } from "./last-use.ts";
import type { LogFile } from "./log-file.ts";
import { newRow, type NewRow } from "./new-row.ts";
import { sqliteError } from "./sqlite-error.ts";

/** A statement of the application's handle. */
type Statement = ReturnType<SqliteTransaction["prepare"]>;

/** The entry that the last statement has inserted; no row if it was there already. */
const INSERTED = "select last_insert_rowid() as seq where changes() > 0";

interface TransactionInsertOptions {
  /** An epoch of the log; it identifies the file, since no other file has it. */
  readonly epoch: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Who uses the log; the name of an epoch is drawn with each call. */
  readonly use: () => Use;
}

/** Inserts entries through handles of the application, and notes there that the log is used. */
export class TransactionInsert {
  readonly #file: LogFile;
  readonly #options: TransactionInsertOptions;
  /** The prepared statements of each handle: an application has few handles and publishes often. */
  readonly #statements = new WeakMap<SqliteTransaction, Map<string, Statement>>();
  /** The handles that share their locks with the log's own handle. */
  readonly #lockChecked = new WeakSet<SqliteTransaction>();

  /** @param file the log's handle for writing */
  constructor(file: LogFile, options: TransactionInsertOptions) {
    this.#file = file;
    this.#options = options;
  }

  /**
   * Inserts the entries before it returns. If it were asynchronous, another request could write into the transaction in
   * between.
   *
   * @throws EndedError if the channel of an entry has ended, ConflictError if a value does not stand where an entry
   *   expects it. Then none of them is written
   * @throws Error if the handle belongs to another file or another build of SQLite, if the file was replaced, or if the
   *   entries cannot be written. Then none of them is written
   */
  run(transaction: SqliteTransaction, batch: readonly NewEntry[]): void {
    try {
      this.#file.refuseReplaced();
      const now = this.#options.now();
      const rows = batch.map((entry) => newRow(entry, now));
      const needsLockCheck = !this.#lockChecked.has(transaction);
      if (rows.length === 0) return;
      // Outside of a transaction, too, it is one step: another process could write between a check and the insert.
      this.#inSavepoint(transaction, () => {
        const find: Find = (sql, ...values) => this.#prepare(transaction, sql).get(...values);
        checkExpectedValues(rows, find, now);
        const first = this.#insert(transaction, rows);
        if (first !== null) checkEndedChannels(rows, find, { first });
        this.#noteUse(transaction);
        if (needsLockCheck) this.#checkLock(transaction);
      });
    } catch (cause) {
      if (isEnded(cause) || isConflict(cause)) throw cause;
      throw sqliteError("publish inside a transaction to", this.#file.path, cause);
    }
  }

  /**
   * Inserts the entries. The check whether a channel has ended follows: an insert waits for other writers, and a
   * transaction that has read before it writes could not wait.
   *
   * @returns the `seq` of the first one; null if all were there already
   */
  #insert(transaction: SqliteTransaction, rows: readonly NewRow[]): number | null {
    let first: number | null = null;
    for (const { sql, values } of rows) {
      this.#prepare(transaction, sql).run(...values);
      // Safe: it is such a row, or none.
      const inserted = this.#prepare(transaction, INSERTED).get() as { readonly seq: number } | undefined;
      first ??= inserted?.seq ?? null;
    }
    return first;
  }

  /**
   * After the insert, which waits for other writers. A transaction that has read before it writes could not wait.
   * From the insert to the commit, nobody else can close the log.
   */
  #noteUse(transaction: SqliteTransaction): void {
    const prepared = { prepare: (sql: string) => this.#prepare(transaction, sql) };
    if (isAtRest(prepared)) beginUseInside(prepared, this.#options.use());
  }

  /** Undoes the whole batch if one insert fails: the application may catch the error and still commit. */
  #inSavepoint(transaction: SqliteTransaction, insert: () => void): void {
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
      // SQLite has already ended the whole transaction, as it does when the disk is full. The first error says more.
    }
  }

  #prepare(transaction: SqliteTransaction, sql: string): Statement {
    let statements = this.#statements.get(transaction);
    if (statements === undefined) {
      this.#checkFile(transaction);
      statements = new Map<string, Statement>();
      this.#statements.set(transaction, statements);
    }
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = transaction.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  /**
   * Checks that the log's own handle sees the lock that the insert has taken. Two builds of SQLite in one process do
   * not see each other's locks, because the operating system gives locks to processes. Both would write at the same
   * time, and the commits of one would overwrite those of the other.
   */
  #checkLock(transaction: SqliteTransaction): void {
    if (this.#file.isLocked()) {
      this.#lockChecked.add(transaction);
      return;
    }
    const { name } = findDriver();
    throw new Error(
      `expected a handle of ${name}, which the log uses, got one of another SQLite; open it with ${name}`,
    );
  }

  /** Checks that the handle has opened the log's file. */
  #checkFile(transaction: SqliteTransaction): void {
    let cause: unknown;
    try {
      const { epoch } = this.#options;
      if (transaction.prepare("select 1 from tidings_epoch where epoch = ?").get(epoch) !== undefined) return;
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

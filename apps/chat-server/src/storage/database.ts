import type { Patience } from "../write-queue.ts";

/** A value that a statement binds. */
export type SqlValue = string | number | null;

/**
 * Runs statements of the SQL that SQLite and PostgreSQL both understand, with `?` for each value. The caller states the
 * type of the rows; it has to agree with the tables.
 */
export interface Queryable {
  /** All rows of the result. */
  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]>;
  /** The first row of the result; undefined if there is none. */
  get<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined>;
  /** Runs a statement without a result. It is handed to the connection before the call returns. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<void>;
}

/** The tables of the chat. Outside of a transaction it reads. */
export interface Database extends Queryable {
  /** Whether nobody outside of a transaction sees what it writes before it commits. */
  readonly isolated: boolean;
  /**
   * Runs `work` in a transaction, one after the other over all servers of the database: what a transaction has read
   * stays true until it ends. If `work` throws, nothing is written.
   *
   * @throws WriteRefused if the transaction could not begin in time; nothing is written
   * @throws StorageAway if the database does not answer; it may have committed
   */
  transaction<Result>(patience: Patience, work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * The database or the log does not answer. What was to be written may be stored; with an idempotency key it is safe to
 * send it again.
 */
export class StorageAway extends Error {
  override readonly name = "StorageAway";
  /** The hub reads it, too: `authenticate` reads the tables. */
  readonly status = 503;

  constructor(cause: unknown) {
    super("The chat's storage does not answer; try again in a moment, with the same idempotency key.", { cause });
  }
}

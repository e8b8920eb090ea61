import { setTimeout as delay } from "node:timers/promises";
import { WriteRefused, type Patience } from "../write-queue.ts";
import type { SqlValue } from "./database.ts";

/** A prepared statement whose rows have the type `Row`. */
interface Statement<Row> {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
}

/** The part of a synchronous SQLite driver that the chat uses. */
export interface SqliteHandle {
  exec(sql: string): unknown;
  /** The caller states the type of the rows; it has to agree with the tables of the chat. */
  prepare<Row = unknown>(sql: string): Statement<Row>;
  close(): void;
}

/** Milliseconds between two attempts to begin a transaction. */
const BUSY_RETRY_INTERVAL = 5;

/**
 * Begins a transaction that writes. While another process writes, it waits in the event loop: a wait inside SQLite
 * would block all streams.
 * @throws WriteRefused if another process writes for longer than the patience, or if the queue closes
 */
export async function begin(handle: SqliteHandle, { deadline, signal }: Patience): Promise<void> {
  handle.exec("pragma busy_timeout = 0");
  for (;;) {
    try {
      handle.exec("begin immediate");
      return;
    } catch (error) {
      // The message comes from SQLite itself, so it is the same with every driver.
      const isBusy = error instanceof Error && /database is locked/.test(error.message);
      if (!isBusy) throw error;
      const canWait = performance.now() < deadline && !signal.aborted;
      if (!canWait) {
        throw new WriteRefused("Another program writes to the database; try again in a moment.", { cause: error });
      }
    }
    await delay(BUSY_RETRY_INTERVAL);
  }
}

/** SQLite's own words, which are the same with every driver: no room, a failed disk, and one that is read-only. */
const DISK_FAILURES = /database or disk is full|disk I\/O error|readonly database|unable to open database file/;

/** Whether a statement failed because of the disk, which may work again later. */
export function hasDiskFailed(error: unknown): boolean {
  return error instanceof Error && DISK_FAILURES.test(error.message);
}

/** Rolls back a transaction that has failed, also one that has not begun. */
export function rollBack(handle: SqliteHandle): void {
  try {
    handle.exec("rollback");
  } catch {
    // There is none, or SQLite has already rolled back, as it does if the disk is full. The first error explains more.
  }
}

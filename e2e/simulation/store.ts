import type { EventLog } from "@tidings/log";
import type { Clock, SqliteTransaction } from "@tidings/log-sqlite";
import type { Cursor } from "@tidings/protocol";

/** Called in the moment when an epoch ends. @param last its last position that survives */
export type OnEpochEnd = (last: Cursor) => void;

/** Where the processes of the world keep their log. */
export interface Store {
  /** The most milliseconds that an append waits for other writers; then it is refused. */
  readonly patience: number;
  /** Null where it is not a cluster. */
  readonly cluster: Cluster | null;
  /** Null where it is not a file. */
  readonly copies: Copies | null;
  /** The log of a process that begins now. Entries that a process has handed over are appended even if it dies. */
  open(clock: Clock): EventLog;
  /** The application's own handle in a process. Null where the log is not in its database. */
  connect(): Handle | null;
  /** Removes everything. */
  end(): void;
}

/** A log of several machines: it can fail over to a copy that lacks the newest entries, or be replaced. */
export interface Cluster {
  /**
   * @param lost how many of the newest entries the copy does not have
   */
  failOver(lost: number, onEpochEnd: OnEpochEnd): Promise<void>;
  reset(onEpochEnd: OnEpochEnd): Promise<void>;
}

/** A file. While no process has it open, an older copy can take its place. */
export interface Copies {
  /** Makes a copy of the current file, and removes the former copy. */
  make(): void;
  /** @returns the last position in the copy, which is the end of an epoch; null without a copy */
  putBack(): Cursor | null;
}

/** An application's handle on its database. */
export interface Handle extends SqliteTransaction {
  exec(sql: string): unknown;
  close(): void;
}

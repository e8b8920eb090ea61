import type { EventLog } from "@tidings/log";
import type { Clock, SqliteTransaction } from "@tidings/log-sqlite";
import type { Cursor } from "@tidings/protocol";
import type { Break } from "./truth.ts";

export type OnBreak = (end: Break["end"]) => void;

/** What the processes of the world keep their log in. */
export interface Store {
  /** The most milliseconds that an append waits for others who write; then it is refused. */
  readonly patience: number;
  /** How it breaks, where it can. */
  readonly cluster: Cluster | null;
  /** Where it is a file. */
  readonly copies: Copies | null;
  /** The log as a process has it that begins now. What that has handed over is still done when it dies. */
  open(clock: Clock): EventLog;
  /** The application's own handle in a process, where its database is the log's, too. */
  connect(): Handle | null;
  /** Leaves nothing behind. */
  end(): void;
}

/** A log of several machines: it can fail over to a copy that lacks the newest entries, or be replaced. */
export interface Cluster {
  /**
   * @param lost how many of the newest entries the copy does not have
   * @param onBreak called in the moment when an epoch ends
   */
  failOver(lost: number, onBreak: OnBreak): Promise<void>;
  reset(onBreak: OnBreak): Promise<void>;
}

/** A file, which an older copy can take the place of while nobody has it open. */
export interface Copies {
  /** Makes the only copy, from what is there now. */
  make(): void;
  /** @returns the last position in the copy, where an epoch has ended; null while there is none */
  putBack(): Cursor | null;
}

/** An application's handle on its database. */
export interface Handle extends SqliteTransaction {
  exec(sql: string): unknown;
  close(): void;
}

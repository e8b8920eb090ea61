import { isConflict, isEnded, type Appended, type NewEntry } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "./clock.ts";
import { Epochs } from "./epochs.ts";
import { checkEndedChannels } from "./ended-channels.ts";
import { checkExpectedValues, type Find } from "./expected-value.ts";
import { beginUse, isAtRest, noteClose, type Use } from "./last-use.ts";
import type { LogFile } from "./log-file.ts";
import { newRow, type NewRow } from "./new-row.ts";
import { isBusy, writeError } from "./sqlite-error.ts";

/** Work for the next transaction. */
interface Job {
  /** When it was requested, by the clock's monotonic time. */
  readonly since: number;
  /** Does the work inside the transaction. The function that it returns is called after the commit. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/** The interval of attempts while another handle writes, in milliseconds. */
const BUSY_RETRY = 2;

/** Options of {@link LogWriter}. */
export interface LogWriterOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Who uses the log; the name of an epoch is drawn with each call. */
  readonly use: () => Use;
  /** How long work waits for other writers, in milliseconds. */
  readonly patience: number;
  /** Called after every commit. */
  readonly onCommit: () => void;
}

/**
 * The log's own handle for writing. All appends of one turn of the event loop are one transaction.
 *
 * It waits for other writers in the event loop and never inside SQLite. The application may hold a transaction open
 * across an `await` on this same thread, and a wait inside SQLite would block the thread, so that transaction could
 * never end.
 */
export class LogWriter {
  readonly #file: LogFile;
  readonly #options: LogWriterOptions;
  readonly #epochs: Epochs;
  #jobs: Job[] = [];
  #flushing: Promise<void> | null = null;
  #closed = false;

  constructor(file: LogFile, options: LogWriterOptions) {
    this.#file = file;
    this.#options = options;
    this.#epochs = new Epochs(file);
    file.setBusyTimeout(0);
  }

  /**
   * @throws EndedError if the channel of an entry has ended
   * @throws ConflictError if a value does not stand where an entry expects it
   * @throws Error if the log is closed, or if the file cannot be written in time
   */
  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const now = this.#options.now();
    const rows = batch.map((entry) => newRow(entry, now));
    return this.transact(() => {
      const find: Find = (sql, ...values) => this.#file.prepare(sql).get(...values);
      checkEndedChannels(rows, find);
      checkExpectedValues(rows, find, now);
      return rows.map((row) => this.#insert(row));
    });
  }

  /** Runs the work in the next transaction, together with all other work of this turn of the event loop. */
  transact<Result>(work: (file: LogFile) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.refuseClosed();
      const run = () => {
        try {
          const result = work(this.#file);
          return () => resolve(result);
        } catch (error) {
          // It has written nothing, so the transaction goes on with the other jobs.
          if (isEnded(error) || isConflict(error)) return () => reject(error);
          throw error;
        }
      };
      this.#jobs.push({ since: this.#options.clock.monotonic(), run, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Reads from the file outside of any transaction. */
  read<Result>(work: (file: LogFile) => Result): Result {
    return work(this.#file);
  }

  /** @throws Error if the log was closed */
  refuseClosed(): void {
    if (this.#closed) throw new Error("Expected an open log, got one that was closed; publish before hub.close().");
  }

  /** A number that changes with every commit of another handle, of any process. Own commits do not change it. */
  dataVersion(): number {
    return Number(this.#file.prepare("pragma data_version").get()?.["data_version"]);
  }

  /**
   * Finishes the work that was requested before, if the file is free in time, and closes the file. After that, a copy
   * of the file alone is complete.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    try {
      this.#file.refuseReplaced();
      this.#file.transact("begin immediate", () => noteClose(this.#file));
    } catch {
      // Without the note, the next process begins an epoch if it does not find the -wal file.
    }
    try {
      // Closing the handle also does this, but libsql closes it only when the garbage collector runs. The checkpoint
      // does not wait for readers.
      this.#file.prepare("pragma wal_checkpoint(truncate)").get();
    } catch {
      // On a full disk the entries stay in the -wal file, and the next handle that opens the log finds them there.
    } finally {
      this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    while (this.#jobs.length > 0) {
      await new Promise<void>((resolve) => clock.defer(resolve));
      while (!this.#tryCommit()) await sleep(clock, BUSY_RETRY);
    }
    this.#flushing = null;
  }

  /**
   * Tries to commit all jobs, and rejects those that fail or have waited for too long.
   *
   * @returns false if jobs have to wait for another writer
   */
  #tryCommit(): boolean {
    // This includes the jobs that came while the file was busy.
    const jobs = this.#jobs;
    this.#jobs = [];
    try {
      this.#commit(jobs);
      return true;
    } catch (error) {
      if (isBusy(error)) {
        this.#jobs = this.#rejectImpatient(jobs, error);
        return this.#jobs.length === 0;
      }
      // A job that fails must not make the others fail.
      if (jobs.length > 1) return this.#tryCommitEach(jobs);
      this.#reject(jobs, error);
      return true;
    }
  }

  #commit(jobs: readonly Job[]): void {
    this.#file.refuseReplaced();
    const finished = this.#file.transact("begin immediate", () => {
      if (isAtRest(this.#file)) return null;
      this.#epochs.refresh();
      return jobs.map(({ run }) => run());
    });
    if (finished === null) {
      beginUse(this.#file, this.#options.use());
      this.#commit(jobs);
      return;
    }
    for (const finish of finished) finish();
    this.#options.onCommit();
  }

  #tryCommitEach(jobs: readonly Job[]): boolean {
    for (const [index, job] of jobs.entries()) {
      try {
        this.#commit([job]);
      } catch (error) {
        if (isBusy(error)) {
          this.#jobs = jobs.slice(index);
          return false;
        }
        this.#reject([job], error);
      }
    }
    return true;
  }

  #reject(jobs: readonly Job[], error: unknown): void {
    for (const { reject } of jobs) reject(writeError("write to", this.#file.path, error));
  }

  /** Rejects the jobs that have waited for too long, and returns the others. */
  #rejectImpatient(jobs: readonly Job[], error: unknown): Job[] {
    const { patience, clock } = this.#options;
    const now = clock.monotonic();
    return jobs.filter(({ since, reject }) => {
      const waits = now - since < patience;
      if (!waits) reject(writeError(`write, after ${patience} ms, to`, this.#file.path, error));
      return waits;
    });
  }

  #insert({ sql, values, entry: { channel, idempotencyKey = "" } }: NewRow): Appended {
    const { changes, lastInsertRowid } = this.#file.prepare(sql).run(...values);
    if (Number(changes) > 0) return { cursor: this.#epochs.cursorAt(Number(lastInsertRowid)), duplicate: false };
    const first = this.#file
      .prepare("select seq from tidings_idempotency where channel = ? and key = ?")
      .get(channel, idempotencyKey);
    return { cursor: this.#epochs.cursorAt(Number(first?.["seq"])), duplicate: true };
  }
}
